-- Credits from before payments were kept as what no provider has to do with. Of an invoice that is still to be charged they have to come off its bill, or all of it would be charged.
UPDATE payment_credits c SET state = 'waiting' FROM payments p
WHERE p.invoice_id = c.invoice_id AND c.state = 'outside' AND p.state IN ('waiting', 'failed') AND p.bill = 'open' AND p.reference IS NULL;
