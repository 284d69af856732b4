-- AlterTable
ALTER TABLE "usage_records" ADD COLUMN "position" BIGSERIAL NOT NULL;

-- CreateIndex
CREATE UNIQUE INDEX "usage_records_position_key" ON "usage_records"("position");

-- CreateTable
CREATE TABLE "billing_details" (
    "organization_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "street" TEXT NOT NULL,
    "postal_code" TEXT NOT NULL,
    "city" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "tax_id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "billing_details_pkey" PRIMARY KEY ("organization_id")
);

-- CreateTable
CREATE TABLE "billing_issuer" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "tax_id" TEXT NOT NULL,

    CONSTRAINT "billing_issuer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "billing_start" (
    "id" INTEGER NOT NULL,
    "first_period" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "billing_start_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "billing_counters" (
    "kind" TEXT NOT NULL,
    "last" BIGINT NOT NULL,

    CONSTRAINT "billing_counters_pkey" PRIMARY KEY ("kind")
);

-- CreateTable
CREATE TABLE "invoices" (
    "id" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "organization_id" TEXT NOT NULL,
    "period_from" TIMESTAMPTZ(3) NOT NULL,
    "period_to" TIMESTAMPTZ(3) NOT NULL,
    "currency" TEXT NOT NULL,
    "total" BIGINT NOT NULL,
    "buyer" JSONB NOT NULL,
    "issuer" JSONB NOT NULL,
    "complete_to" TIMESTAMPTZ(3) NOT NULL,
    "records_to" BIGINT NOT NULL,
    "transaction_id" BIGINT NOT NULL,
    "finalized_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state" TEXT NOT NULL DEFAULT 'finalized',
    "paid_at" TIMESTAMPTZ(3),
    "payment" TEXT,
    "voided_at" TIMESTAMPTZ(3),
    "void_reason" TEXT,
    "credited" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "invoices_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "invoice_lines" (
    "invoice_id" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "period_from" TIMESTAMPTZ(3) NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "plan_id" TEXT NOT NULL,
    "plan_version" INTEGER NOT NULL,
    "meter" TEXT,
    "quantity" DECIMAL(60,0) NOT NULL,
    "included" DECIMAL(60,0) NOT NULL,
    "price_amount" BIGINT NOT NULL,
    "price_per" DECIMAL(60,0) NOT NULL,
    "amount" BIGINT NOT NULL,
    "first_at" TIMESTAMPTZ(3),
    "last_at" TIMESTAMPTZ(3),
    "entries" BIGINT NOT NULL,
    "digest" TEXT,

    CONSTRAINT "invoice_lines_pkey" PRIMARY KEY ("invoice_id","line")
);

-- CreateTable
CREATE TABLE "invoice_line_databases" (
    "invoice_id" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "database_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "quantity" DECIMAL(60,0) NOT NULL,
    "amount" BIGINT NOT NULL,

    CONSTRAINT "invoice_line_databases_pkey" PRIMARY KEY ("invoice_id","line","database_id")
);

-- CreateTable
CREATE TABLE "invoice_periods" (
    "organization_id" TEXT NOT NULL,
    "period_from" TIMESTAMPTZ(3) NOT NULL,
    "invoice_id" TEXT,
    "closed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "invoice_periods_pkey" PRIMARY KEY ("organization_id","period_from")
);

-- CreateTable
CREATE TABLE "credit_notes" (
    "id" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "invoice_id" TEXT NOT NULL,
    "organization_id" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "credit_notes_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "invoices_number_key" ON "invoices"("number");

-- CreateIndex
CREATE UNIQUE INDEX "invoices_organization_id_period_from_key" ON "invoices"("organization_id", "period_from");

-- CreateIndex
CREATE INDEX "invoices_state_id_idx" ON "invoices"("state", "id");

-- CreateIndex
CREATE UNIQUE INDEX "credit_notes_number_key" ON "credit_notes"("number");

-- CreateIndex
CREATE INDEX "credit_notes_invoice_id_idx" ON "credit_notes"("invoice_id");

-- AddForeignKey
ALTER TABLE "billing_details" ADD CONSTRAINT "billing_details_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invoice_lines" ADD CONSTRAINT "invoice_lines_invoice_id_fkey" FOREIGN KEY ("invoice_id") REFERENCES "invoices"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "invoice_line_databases" ADD CONSTRAINT "invoice_line_databases_invoice_id_line_fkey" FOREIGN KEY ("invoice_id", "line") REFERENCES "invoice_lines"("invoice_id", "line") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "credit_notes" ADD CONSTRAINT "credit_notes_invoice_id_fkey" FOREIGN KEY ("invoice_id") REFERENCES "invoices"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "invoices" ADD CONSTRAINT "invoices_check" CHECK (
  "state" IN ('finalized', 'paid', 'void') AND "total" >= 0 AND "credited" BETWEEN 0 AND "total"
  AND ("state" = 'paid') = ("paid_at" IS NOT NULL) AND ("state" = 'void') = ("voided_at" IS NOT NULL)
  AND ("state" <> 'void' OR "credited" = 0));
ALTER TABLE "credit_notes" ADD CONSTRAINT "credit_notes_check" CHECK ("amount" > 0);

-- No period before the one in which billing begins has an invoice.
INSERT INTO "billing_start" ("id", "first_period") VALUES (1, date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC');
INSERT INTO "billing_counters" ("kind", "last") VALUES ('invoice', 0), ('credit-note', 0);

-- Of an invoice only what becomes of it changes: finalized, then paid or void, and what is credited, which only grows.
CREATE FUNCTION keep_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  fates text[] := '{state,paid_at,payment,voided_at,void_reason,credited}';
BEGIN
  IF TG_OP <> 'UPDATE' THEN RAISE EXCEPTION 'invoices are never deleted'; END IF;
  IF to_jsonb(OLD) - fates <> to_jsonb(NEW) - fates THEN RAISE EXCEPTION 'an issued invoice is never changed'; END IF;
  IF OLD.state <> NEW.state AND OLD.state <> 'finalized' THEN
    RAISE EXCEPTION 'an invoice that is % stays so', OLD.state;
  END IF;
  IF OLD.state = NEW.state AND to_jsonb(OLD) - 'credited' <> to_jsonb(NEW) - 'credited' THEN
    RAISE EXCEPTION 'what became of an invoice is never changed';
  END IF;
  IF NEW.credited < OLD.credited THEN RAISE EXCEPTION 'what was credited stays credited'; END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER invoices_kept BEFORE UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION keep_invoice();
CREATE TRIGGER invoices_not_truncated BEFORE TRUNCATE ON invoices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Lines come with their invoice, and in no other transaction.
CREATE FUNCTION refuse_late_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added a JOIN invoices i ON i.id = a.invoice_id
    WHERE i.transaction_id <> pg_current_xact_id()::text::bigint
  ) THEN RAISE EXCEPTION 'an issued invoice is never changed'; END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER invoice_lines_in_time AFTER INSERT ON invoice_lines REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_lines();
CREATE TRIGGER invoice_line_databases_in_time AFTER INSERT ON invoice_line_databases REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_lines();

CREATE TRIGGER invoice_lines_kept BEFORE UPDATE OR DELETE ON invoice_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_lines_not_truncated BEFORE TRUNCATE ON invoice_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_line_databases_kept BEFORE UPDATE OR DELETE ON invoice_line_databases
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_line_databases_not_truncated BEFORE TRUNCATE ON invoice_line_databases
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_periods_kept BEFORE UPDATE OR DELETE ON invoice_periods FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_notes_kept BEFORE UPDATE OR DELETE ON credit_notes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_notes_not_truncated BEFORE TRUNCATE ON credit_notes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER invoices_audited AFTER INSERT OR UPDATE ON invoices FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('invoice', 'id', 'number', 'id,number,organization_id,period_from,period_to,currency,total,state,paid_at,payment,voided_at,void_reason,credited',
    'transaction_id,buyer,issuer,complete_to,records_to,finalized_at');
CREATE TRIGGER credit_notes_audited AFTER INSERT ON credit_notes FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('credit-note', 'id', 'number', 'id,number,organization_id,invoice_id,amount,reason', 'created_at');
CREATE TRIGGER billing_details_audited AFTER INSERT OR UPDATE OR DELETE ON billing_details FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('billing-details', 'organization_id', 'name', 'organization_id,name,street,postal_code,city,region,country,tax_id,email', 'updated_at');
CREATE TRIGGER billing_issuer_audited AFTER INSERT OR UPDATE OR DELETE ON billing_issuer FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('billing-issuer', 'id', 'name', 'id,name,address,tax_id', '');
