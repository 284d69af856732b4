-- CreateTable
CREATE TABLE "plan_versions" (
    "plan_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "currency" TEXT NOT NULL,
    "fee" BIGINT NOT NULL,
    "minimum" BIGINT NOT NULL,
    "prices" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "plan_versions_pkey" PRIMARY KEY ("plan_id","version")
);

-- CreateTable
CREATE TABLE "organization_plans" (
    "id" BIGSERIAL NOT NULL,
    "organization_id" TEXT NOT NULL,
    "plan_id" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "organization_plans_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "organization_plans_organization_id_since_id_idx" ON "organization_plans"("organization_id", "since", "id");

-- AddForeignKey
ALTER TABLE "plan_versions" ADD CONSTRAINT "plan_versions_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "plan_versions" ADD CONSTRAINT "plan_versions_check" CHECK (
  "version" > 0 AND "currency" ~ '^[A-Z]{3}$' AND "fee" >= 0 AND "minimum" >= 0);

-- Prices are kept as texts of decimal digits: a number of JSON may be read as one with a floating point.
INSERT INTO "plan_versions" ("plan_id", "version", "effective_from", "currency", "fee", "minimum", "prices")
SELECT "id", 1, 'epoch', 'USD', 0, 0, '{
  "readUnits": {"amount": "0", "per": "1000000", "included": "0"},
  "writeUnits": {"amount": "0", "per": "1000000", "included": "0"},
  "storedByteMs": {"amount": "0", "per": "3600000000000000", "included": "0"},
  "egressBytes": {"amount": "0", "per": "1000000000", "included": "0"}
}' FROM "plans";

-- What has been decided about prices stays, and so does who had which plan: invoices are computed from both.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER plan_versions_kept BEFORE UPDATE OR DELETE ON plan_versions
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER plan_versions_not_truncated BEFORE TRUNCATE ON plan_versions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER plan_versions_audited AFTER INSERT ON plan_versions FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('plan-version', 'plan_id', 'version', 'plan_id,version,effective_from,currency,fee,minimum,prices', 'created_at');

INSERT INTO "organization_plans" ("organization_id", "plan_id", "since")
SELECT "organization_id", "plan_id", "updated_at" FROM "organization_limits" WHERE "plan_id" <> 'free';

-- Which plan an organization has from when on; without a row, `free`.
CREATE FUNCTION note_organization_plan() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  organization text := COALESCE(NEW.organization_id, OLD.organization_id);
  wanted text := CASE WHEN TG_OP = 'DELETE' THEN 'free' ELSE NEW.plan_id END;
  known text;
BEGIN
  SELECT plan_id INTO known FROM organization_plans WHERE organization_id = organization ORDER BY since DESC, id DESC LIMIT 1;
  IF COALESCE(known, 'free') <> wanted THEN
    INSERT INTO organization_plans (organization_id, plan_id, since) VALUES (organization, wanted, clock_timestamp());
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER organization_limits_plan_noted AFTER INSERT OR UPDATE OR DELETE ON organization_limits
  FOR EACH ROW EXECUTE FUNCTION note_organization_plan();
