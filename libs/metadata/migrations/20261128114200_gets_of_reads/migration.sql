-- How many requests that read the bucket a million reads come to: those that memory and disk do not have.
ALTER TABLE "provider_prices" ADD COLUMN "gets_per_million_reads" BIGINT NOT NULL DEFAULT 0
  CONSTRAINT "provider_prices_gets_check" CHECK ("gets_per_million_reads" >= 0);

DROP TRIGGER provider_prices_audited ON provider_prices;
CREATE TRIGGER provider_prices_audited AFTER INSERT OR UPDATE OR DELETE ON provider_prices FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('provider-prices', 'since', '', 'since,puts_million,gets_million,stored_terabyte_month,egress_terabyte,puts_per_million_commits,gets_per_million_reads,shared_month', 'updated_at');
