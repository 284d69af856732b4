-- Names are compared byte by byte, as the data plane does, so that all that begin alike stand together in an index.
ALTER TABLE "databases" ALTER COLUMN "name" TYPE TEXT COLLATE "C";

-- AlterTable
ALTER TABLE "databases"
  ADD COLUMN "labels" JSONB NOT NULL DEFAULT '{}',
  ADD COLUMN "delete_protection" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "expires_at" TIMESTAMPTZ(3),
  ADD COLUMN "retention_seconds" INTEGER,
  ADD COLUMN "size_limit_bytes" BIGINT,
  ADD COLUMN "undelete_seconds" INTEGER NOT NULL DEFAULT 604800,
  ADD COLUMN "revision" INTEGER NOT NULL DEFAULT 1,
  ADD COLUMN "purge_at" TIMESTAMPTZ(3),
  ADD COLUMN "purge_begun_at" TIMESTAMPTZ(3);

-- Deleted before there was a window: from now on there is one.
UPDATE "databases" SET "purge_at" = now() + "undelete_seconds" * interval '1 second' WHERE "deleted_at" IS NOT NULL;

-- CreateTable
CREATE TABLE "database_labels" (
    "organization_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "deleted" BOOLEAN NOT NULL,
    "name" TEXT NOT NULL,
    "database_id" UUID NOT NULL,

    CONSTRAINT "database_labels_pkey" PRIMARY KEY ("organization_id","key","value","deleted","name","database_id")
);
ALTER TABLE "database_labels" ALTER COLUMN "name" TYPE TEXT COLLATE "C";

-- CreateIndex
CREATE INDEX "database_labels_database_id_idx" ON "database_labels"("database_id");

-- CreateIndex
CREATE INDEX "databases_deleted_name_idx" ON "databases"("organization_id", "name", "id") WHERE (deleted_at IS NOT NULL);

-- CreateIndex
CREATE INDEX "databases_purge_at_idx" ON "databases"("purge_at") WHERE (deleted_at IS NOT NULL);

-- CreateIndex
CREATE INDEX "databases_expires_at_idx" ON "databases"("expires_at") WHERE (deleted_at IS NULL);

-- AddForeignKey
ALTER TABLE "database_labels" ADD CONSTRAINT "database_labels_database_id_fkey" FOREIGN KEY ("database_id") REFERENCES "databases"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- When it is to be purged is decided by its deletion, whoever makes it, and gone with an undelete.
CREATE FUNCTION date_database_purge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.deleted_at IS NULL THEN
    NEW.purge_at := NULL;
    NEW.purge_begun_at := NULL;
  ELSIF TG_OP = 'INSERT' OR OLD.deleted_at IS NULL THEN
    NEW.purge_at := COALESCE(NEW.purge_at, NEW.deleted_at + NEW.undelete_seconds * interval '1 second');
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER databases_purge_dated BEFORE INSERT OR UPDATE OF deleted_at ON databases
  FOR EACH ROW EXECUTE FUNCTION date_database_purge();

-- One row for each label, in the order in which databases are listed: a page of those with a label is a piece of its primary key.
CREATE FUNCTION index_database_labels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.organization_id, NEW.name, NEW.labels, NEW.deleted_at IS NULL)
      IS NOT DISTINCT FROM (OLD.organization_id, OLD.name, OLD.labels, OLD.deleted_at IS NULL) THEN
      RETURN NULL;
    END IF;
    DELETE FROM database_labels WHERE database_id = OLD.id;
  END IF;
  INSERT INTO database_labels (organization_id, key, value, deleted, name, database_id)
  SELECT NEW.organization_id, l.key, l.value, NEW.deleted_at IS NOT NULL, NEW.name, NEW.id
  FROM jsonb_each_text(NEW.labels) AS l;
  RETURN NULL;
END
$$;

CREATE TRIGGER databases_labelled AFTER INSERT OR UPDATE ON databases
  FOR EACH ROW EXECUTE FUNCTION index_database_labels();
