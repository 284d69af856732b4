-- Before, everybody who was not owner or admin was a member, and could look.
UPDATE "members" SET "role" = 'viewer' WHERE "role" NOT IN ('owner', 'admin');

-- AlterTable
ALTER TABLE "members" ALTER COLUMN "role" SET DEFAULT 'viewer';

-- One role a member, and no other: a word that nobody knows must not turn into rights later.
ALTER TABLE "members" ADD CONSTRAINT "members_role_check" CHECK ("role" IN ('owner', 'admin', 'developer', 'finance', 'viewer'));
