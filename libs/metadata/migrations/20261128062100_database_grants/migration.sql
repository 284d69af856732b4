-- CreateTable
CREATE TABLE "database_grants" (
    "database_id" UUID NOT NULL,
    "organization_id" TEXT NOT NULL,
    "access" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "database_grants_pkey" PRIMARY KEY ("database_id","organization_id")
);

-- CreateIndex
CREATE INDEX "database_grants_organization_id_database_id_idx" ON "database_grants"("organization_id", "database_id");

-- AddForeignKey
ALTER TABLE "database_grants" ADD CONSTRAINT "database_grants_database_id_fkey" FOREIGN KEY ("database_id") REFERENCES "databases"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "database_grants" ADD CONSTRAINT "database_grants_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "database_grants" ADD CONSTRAINT "database_grants_access_check" CHECK ("access" IN ('read', 'write'));

-- A grant changes what a name means to the organization that has it: the slug of the owner and the name, with a tilde between them.
CREATE FUNCTION record_database_grant_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO changes (transaction_id, kind, organization_id, subject)
  SELECT pg_current_xact_id()::text::bigint, 'database', COALESCE(NEW.organization_id, OLD.organization_id), o.slug || '~' || d.name
  FROM databases d JOIN organizations o ON o.id = d.organization_id
  WHERE d.id = COALESCE(NEW.database_id, OLD.database_id);
  RETURN NULL;
END
$$;

CREATE TRIGGER database_grants_changed AFTER INSERT OR UPDATE OR DELETE ON database_grants
  FOR EACH ROW EXECUTE FUNCTION record_database_grant_change();

-- And so does a change of the database, to all who have a grant: under the name before and the name after.
CREATE FUNCTION record_shared_database_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO changes (transaction_id, kind, organization_id, subject)
  SELECT DISTINCT pg_current_xact_id()::text::bigint, 'database', g.organization_id, o.slug || '~' || names.name
  FROM database_grants g JOIN organizations o ON o.id = OLD.organization_id
  CROSS JOIN (VALUES (OLD.name), (NEW.name)) AS names (name)
  WHERE g.database_id = OLD.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER databases_shared_changed AFTER UPDATE ON databases
  FOR EACH ROW EXECUTE FUNCTION record_shared_database_change();
