-- Usage goes through "database_owners", which has an index of its own, since purged databases are in it.
-- DropIndex
DROP INDEX "databases_organization_id_id_idx";
