-- CreateTable
CREATE TABLE "payment_customers" (
    "organization_id" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "method" JSONB,
    "checkout_until" TIMESTAMPTZ(3),
    "next_look_at" TIMESTAMPTZ(3),
    "claims" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payment_customers_pkey" PRIMARY KEY ("organization_id")
);

-- CreateTable
CREATE TABLE "payments" (
    "invoice_id" TEXT NOT NULL,
    "organization_id" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "provider" TEXT,
    "reference" TEXT,
    "bill" TEXT NOT NULL DEFAULT 'open',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "failure" TEXT,
    "pay_url" TEXT,
    "next_charge_at" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "told_failures" INTEGER NOT NULL DEFAULT 0,
    "next_step_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "claims" INTEGER NOT NULL DEFAULT 0,
    "step_failures" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payments_pkey" PRIMARY KEY ("invoice_id")
);

-- CreateTable
CREATE TABLE "payment_credits" (
    "credit_note_id" TEXT NOT NULL,
    "invoice_id" TEXT NOT NULL,
    "number" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "reference" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payment_credits_pkey" PRIMARY KEY ("credit_note_id")
);

-- CreateTable
CREATE TABLE "payment_events" (
    "provider" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "about" TEXT,
    "happened_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payment_events_pkey" PRIMARY KEY ("provider","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "payment_customers_provider_reference_key" ON "payment_customers"("provider", "reference");

-- CreateIndex
CREATE INDEX "payment_customers_next_look_at_idx" ON "payment_customers"("next_look_at") WHERE (next_look_at IS NOT NULL);

-- CreateIndex
CREATE UNIQUE INDEX "payments_provider_reference_key" ON "payments"("provider", "reference");

-- CreateIndex
CREATE INDEX "payments_organization_id_invoice_id_idx" ON "payments"("organization_id", "invoice_id");

-- CreateIndex
CREATE INDEX "payments_next_step_at_idx" ON "payments"("next_step_at") WHERE (next_step_at IS NOT NULL);

-- CreateIndex
CREATE INDEX "payments_untold_idx" ON "payments"("invoice_id") WHERE (told_failures < failures);

-- CreateIndex
CREATE INDEX "payment_credits_invoice_id_idx" ON "payment_credits"("invoice_id");

-- CreateIndex
CREATE INDEX "payment_events_received_at_idx" ON "payment_events"("received_at");

-- AddForeignKey
ALTER TABLE "payment_customers" ADD CONSTRAINT "payment_customers_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "payments" ADD CONSTRAINT "payments_check" CHECK (
  "state" IN ('waiting', 'processing', 'failed', 'paid', 'void')
  AND "bill" IN ('open', 'paid', 'returned', 'closed') AND ("state" = 'failed') = ("failure" IS NOT NULL) AND ("reference" IS NULL OR "provider" IS NOT NULL));
ALTER TABLE "payment_credits" ADD CONSTRAINT "payment_credits_check" CHECK (
  "state" IN ('waiting', 'done', 'outside') AND "amount" > 0 AND ("state" = 'done') = ("reference" IS NOT NULL));

-- Every invoice has its payment from the moment that it is issued.
CREATE FUNCTION begin_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO payments (invoice_id, organization_id, state)
  VALUES (NEW.id, NEW.organization_id, CASE NEW.state WHEN 'finalized' THEN 'waiting' ELSE NEW.state END);
  RETURN NULL;
END
$$;

INSERT INTO payments (invoice_id, organization_id, state)
SELECT id, organization_id, CASE state WHEN 'finalized' THEN 'waiting' ELSE state END FROM invoices;
INSERT INTO payment_credits (credit_note_id, invoice_id, number, amount, state)
SELECT id, invoice_id, number::text, amount, 'outside' FROM credit_notes;

CREATE TRIGGER invoices_payment_begun AFTER INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION begin_payment();

-- What an operator says of an invoice holds for its payment. While a charge is under way it is not said: the row stays as it is. The row of the payment
-- is where charging and saying wait for each other.
CREATE FUNCTION settle_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  present text;
BEGIN
  IF NEW.state = OLD.state THEN RETURN NEW; END IF;
  SELECT state INTO present FROM payments WHERE invoice_id = NEW.id FOR UPDATE;
  IF present = 'processing' THEN RETURN NULL; END IF;
  UPDATE payments SET state = NEW.state, failure = NULL, pay_url = NULL, next_charge_at = NULL, next_step_at = now(),
    claims = claims + 1, step_failures = 0
  WHERE invoice_id = NEW.id AND state <> NEW.state;
  RETURN NEW;
END
$$;

CREATE TRIGGER invoices_payment_settled BEFORE UPDATE OF state ON invoices FOR EACH ROW EXECUTE FUNCTION settle_payment();

CREATE FUNCTION begin_payment_credit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO payment_credits (credit_note_id, invoice_id, number, amount)
  VALUES (NEW.id, NEW.invoice_id, NEW.number::text, NEW.amount);
  UPDATE payments SET next_step_at = now() WHERE invoice_id = NEW.invoice_id;
  RETURN NULL;
END
$$;

CREATE TRIGGER credit_notes_payment_begun AFTER INSERT ON credit_notes FOR EACH ROW EXECUTE FUNCTION begin_payment_credit();

-- A bill that was recorded is the only one that is charged; two could be paid twice.
CREATE FUNCTION keep_payment_reference() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'payments are never deleted'; END IF;
  IF OLD.reference IS NOT NULL AND (OLD.provider, OLD.reference) IS DISTINCT FROM (NEW.provider, NEW.reference) THEN
    RAISE EXCEPTION 'the reference of a payment is never changed';
  END IF;
  IF OLD.state IN ('paid', 'void') AND NEW.state <> OLD.state THEN RAISE EXCEPTION 'a payment that is % stays so', OLD.state; END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER payments_kept BEFORE UPDATE OR DELETE ON payments FOR EACH ROW EXECUTE FUNCTION keep_payment_reference();

-- Told by what became of it: `payment.failed`, `payment.paid`. That one is being tried again is no news.
CREATE FUNCTION record_payment_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  actor jsonb := COALESCE(NULLIF(current_setting('leasehold.author', true), ''), '{}')::jsonb;
  shown text[] := '{organization_id,state,provider,attempts,failure,next_charge_at}';
BEGIN
  INSERT INTO audit_entries (at, organization_id, actor_kind, actor_id, actor_name, session_id, address, agent, request_id,
    action, subject_kind, subject_id, subject_name, before, after)
  SELECT clock_timestamp(), NEW.organization_id, COALESCE(actor ->> 'kind', 'system'), actor ->> 'id', actor ->> 'name',
    actor ->> 'sessionId', actor ->> 'address', actor ->> 'agent', actor ->> 'requestId',
    'payment.' || NEW.state, 'payment', NEW.invoice_id, i.number::text,
    audit_members(shown, shown, to_jsonb(OLD)), audit_members(shown, shown, to_jsonb(NEW))
  FROM invoices i WHERE i.id = NEW.invoice_id;
  RETURN NULL;
END
$$;

CREATE TRIGGER payments_audited AFTER UPDATE OF state ON payments FOR EACH ROW
  WHEN (NEW.state IN ('failed', 'paid', 'void') AND OLD.state <> NEW.state) EXECUTE FUNCTION record_payment_audit_entry();
CREATE TRIGGER payment_customers_audited AFTER UPDATE OF method ON payment_customers FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('payment-method', 'organization_id', 'provider', 'organization_id,provider,method',
    'reference,checkout_until,next_look_at,claims,created_at');
