-- CreateTable
CREATE TABLE "organization_suspensions" (
    "organization_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "suspended_by" TEXT NOT NULL,
    "suspended_at" TIMESTAMPTZ(3) NOT NULL,
    "number" BIGINT,

    CONSTRAINT "organization_suspensions_pkey" PRIMARY KEY ("organization_id")
);

-- CreateTable
CREATE TABLE "revocation_progress" (
    "id" INTEGER NOT NULL,
    "number" BIGINT NOT NULL,

    CONSTRAINT "revocation_progress_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "api_keys_revoked_at_idx" ON "api_keys"("revoked_at") WHERE (revoked_at IS NOT NULL);

-- AddForeignKey
ALTER TABLE "organization_suspensions" ADD CONSTRAINT "organization_suspensions_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TRIGGER organization_suspensions_changed AFTER INSERT OR UPDATE OR DELETE ON organization_suspensions
  FOR EACH ROW EXECUTE FUNCTION record_organization_settings_change();

-- One row: two control planes that copy states wait for each other at it.
INSERT INTO "revocation_progress" ("id", "number") VALUES (1, 0);
