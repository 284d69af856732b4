-- CreateTable
CREATE TABLE "provider_prices" (
    "since" TIMESTAMPTZ(3) NOT NULL,
    "puts_million" BIGINT NOT NULL,
    "gets_million" BIGINT NOT NULL,
    "stored_terabyte_month" BIGINT NOT NULL,
    "egress_terabyte" BIGINT NOT NULL,
    "puts_per_million_commits" BIGINT NOT NULL,
    "shared_month" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "provider_prices_pkey" PRIMARY KEY ("since")
);

-- CreateTable
CREATE TABLE "tenant_months" (
    "period_from" TIMESTAMPTZ(3) NOT NULL,
    "organization_id" TEXT NOT NULL,
    "looked_at" TIMESTAMPTZ(3) NOT NULL,
    "computed_at" TIMESTAMPTZ(3),
    "commits" BIGINT NOT NULL DEFAULT 0,
    "requests" BIGINT NOT NULL DEFAULT 0,
    "cold_starts" BIGINT NOT NULL DEFAULT 0,
    "egress_bytes" BIGINT NOT NULL DEFAULT 0,
    "stored_byte_ms" DECIMAL(60,0) NOT NULL DEFAULT 0,
    "drafted" BIGINT,

    CONSTRAINT "tenant_months_pkey" PRIMARY KEY ("period_from","organization_id")
);

ALTER TABLE "provider_prices" ADD CONSTRAINT "provider_prices_check" CHECK (
  "puts_million" >= 0 AND "gets_million" >= 0 AND "stored_terabyte_month" >= 0 AND "egress_terabyte" >= 0
    AND "puts_per_million_commits" >= 0 AND "shared_month" >= 0
);

CREATE TRIGGER provider_prices_audited AFTER INSERT OR UPDATE OR DELETE ON provider_prices FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('provider-prices', 'since', '', 'since,puts_million,gets_million,stored_terabyte_month,egress_terabyte,puts_per_million_commits,shared_month', 'updated_at');
