-- CreateTable
CREATE TABLE "plans" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "requests_per_second" INTEGER,
    "burst_requests" INTEGER,
    "bytes_per_second" BIGINT,
    "concurrent_requests" INTEGER,
    "databases" INTEGER,
    "storage_bytes" BIGINT,
    "concurrent_wakes" INTEGER,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "plans_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "organization_limits" (
    "organization_id" TEXT NOT NULL,
    "plan_id" TEXT NOT NULL DEFAULT 'free',
    "requests_per_second" INTEGER,
    "burst_requests" INTEGER,
    "bytes_per_second" BIGINT,
    "concurrent_requests" INTEGER,
    "databases" INTEGER,
    "storage_bytes" BIGINT,
    "concurrent_wakes" INTEGER,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organization_limits_pkey" PRIMARY KEY ("organization_id")
);

-- CreateIndex
CREATE INDEX "organization_limits_plan_id_idx" ON "organization_limits"("plan_id");

-- AddForeignKey
ALTER TABLE "organization_limits" ADD CONSTRAINT "organization_limits_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "organization_limits" ADD CONSTRAINT "organization_limits_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A rate of nothing is a suspension, and that is said elsewhere. To allow no database, or not a byte, is a limit like any other.
ALTER TABLE "plans" ADD CONSTRAINT "plans_limits_check" CHECK (
  "requests_per_second" > 0 AND "burst_requests" > 0 AND "bytes_per_second" > 0 AND "concurrent_requests" > 0
  AND "databases" >= 0 AND "storage_bytes" >= 0 AND "concurrent_wakes" > 0);
ALTER TABLE "organization_limits" ADD CONSTRAINT "organization_limits_limits_check" CHECK (
  "requests_per_second" > 0 AND "burst_requests" > 0 AND "bytes_per_second" > 0 AND "concurrent_requests" > 0
  AND "databases" >= 0 AND "storage_bytes" >= 0 AND "concurrent_wakes" > 0);

-- Everybody's plan at first: it says nothing, so that the settings of the services hold.
INSERT INTO "plans" ("id", "name") VALUES ('free', 'Free');

-- What an organization may use: what was agreed with it, else what its plan says, else null.
CREATE FUNCTION organization_quotas(wanted text) RETURNS TABLE (
  plan_id text, plan_name text, requests_per_second integer, burst_requests integer, bytes_per_second bigint,
  concurrent_requests integer, databases integer, storage_bytes bigint, concurrent_wakes integer
) LANGUAGE sql STABLE AS $$
  SELECT p.id, p.name,
    COALESCE(l.requests_per_second, p.requests_per_second), COALESCE(l.burst_requests, p.burst_requests),
    COALESCE(l.bytes_per_second, p.bytes_per_second), COALESCE(l.concurrent_requests, p.concurrent_requests),
    COALESCE(l.databases, p.databases), COALESCE(l.storage_bytes, p.storage_bytes),
    COALESCE(l.concurrent_wakes, p.concurrent_wakes)
  FROM (VALUES (wanted)) AS o (id)
  LEFT JOIN organization_limits l ON l.organization_id = o.id
  LEFT JOIN plans p ON p.id = COALESCE(l.plan_id, 'free')
$$;

CREATE TRIGGER organization_limits_changed AFTER INSERT OR UPDATE OR DELETE ON organization_limits
  FOR EACH ROW EXECUTE FUNCTION record_organization_settings_change();

-- A plan is of many: one change for all of them.
CREATE FUNCTION record_plan_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO changes (transaction_id, kind, organization_id, subject)
  VALUES (pg_current_xact_id()::text::bigint, 'plan', '', COALESCE(NEW.id, OLD.id));
  RETURN NULL;
END
$$;

CREATE TRIGGER plans_changed AFTER INSERT OR UPDATE OR DELETE ON plans
  FOR EACH ROW EXECUTE FUNCTION record_plan_change();
