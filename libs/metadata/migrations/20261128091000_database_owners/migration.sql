-- CreateTable
CREATE TABLE "database_owners" (
    "database_id" UUID NOT NULL,
    "organization_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "database_owners_pkey" PRIMARY KEY ("database_id")
);

-- CreateIndex
CREATE INDEX "database_owners_organization_id_database_id_idx" ON "database_owners"("organization_id", "database_id");

INSERT INTO "database_owners" SELECT "id", "organization_id", "name", "deleted_at" FROM "databases";

-- What was used of a database is billed after its row is purged.
CREATE FUNCTION keep_database_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    UPDATE database_owners SET deleted_at = COALESCE(deleted_at, now()) WHERE database_id = OLD.id;
  ELSIF TG_OP = 'INSERT' OR (OLD.name, OLD.deleted_at) IS DISTINCT FROM (NEW.name, NEW.deleted_at) THEN
    INSERT INTO database_owners AS known (database_id, organization_id, name, deleted_at)
    VALUES (NEW.id, NEW.organization_id, NEW.name, NEW.deleted_at)
    ON CONFLICT (database_id) DO UPDATE SET name = EXCLUDED.name, deleted_at = EXCLUDED.deleted_at;
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER databases_owner_kept AFTER INSERT OR UPDATE OR DELETE ON databases
  FOR EACH ROW EXECUTE FUNCTION keep_database_owner();
