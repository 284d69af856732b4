-- Nobody could invite before. From now on an invitation that has ended, however, is gone: those that are here can be accepted.
DELETE FROM "invitations";

-- DropIndex
DROP INDEX "invitations_email_idx";

-- DropIndex
DROP INDEX "invitations_organization_id_idx";

-- AlterTable
ALTER TABLE "invitations" DROP COLUMN "status",
ADD COLUMN     "token_hash" BYTEA NOT NULL,
ALTER COLUMN "role" SET NOT NULL;

-- CreateIndex
CREATE UNIQUE INDEX "invitations_token_hash_key" ON "invitations"("token_hash");

-- CreateIndex
CREATE UNIQUE INDEX "invitations_organization_id_email_key" ON "invitations"("organization_id", "email");

ALTER TABLE "invitations" ADD CONSTRAINT "invitations_role_check" CHECK ("role" IN ('owner', 'admin', 'developer', 'finance', 'viewer'));
