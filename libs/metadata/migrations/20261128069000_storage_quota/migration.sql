-- AlterTable
ALTER TABLE "organization_usage" ADD COLUMN "storage_bytes" BIGINT NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "database_sizes" (
    "database_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "bytes" BIGINT NOT NULL,

    CONSTRAINT "database_sizes_pkey" PRIMARY KEY ("database_id")
);

-- Adds to what an organization takes, whose row is locked. The data plane is told when that makes it full, or makes room again; not of
-- every byte.
CREATE FUNCTION add_storage(organization text, more bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before bigint;
  after bigint;
  allowed bigint;
BEGIN
  IF more = 0 THEN RETURN; END IF;
  UPDATE organization_usage SET storage_bytes = greatest(0, storage_bytes + more) WHERE organization_id = organization
  RETURNING storage_bytes INTO after;
  before := after - more;
  SELECT q.storage_bytes INTO allowed FROM organization_quotas(organization) AS q;
  IF (before >= allowed) IS DISTINCT FROM (after >= allowed) THEN
    INSERT INTO changes (transaction_id, kind, organization_id, subject)
    VALUES (pg_current_xact_id()::text::bigint, 'tenant', organization, organization);
  END IF;
END
$$;

-- As before, and the bytes of databases go and come with them. Sizes are read once the row of the organization is locked: who tells a new
-- size locks it first as well.
CREATE OR REPLACE FUNCTION count_databases() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change record;
  counted integer;
  allowed integer;
  moved bigint;
BEGIN
  FOR change IN EXECUTE
    'SELECT organization_id, sum(one)::int AS more,
       COALESCE(array_agg(id) FILTER (WHERE one > 0), ''{}'') AS live,
       COALESCE(array_agg(id) FILTER (WHERE one < 0), ''{}'') AS gone
     FROM (SELECT id, organization_id, sum(one) AS one FROM ('
    || CASE WHEN TG_OP = 'DELETE' THEN '' ELSE 'SELECT id, organization_id, 1 AS one FROM added WHERE deleted_at IS NULL' END
    || CASE WHEN TG_OP = 'UPDATE' THEN ' UNION ALL ' ELSE '' END
    || CASE WHEN TG_OP = 'INSERT' THEN '' ELSE 'SELECT id, organization_id, -1 AS one FROM removed WHERE deleted_at IS NULL' END
    || ') AS sides GROUP BY 1, 2 HAVING sum(one) <> 0) AS changed GROUP BY 1 ORDER BY 1'
  LOOP
    IF change.more > 0 THEN
      INSERT INTO organization_usage AS u (organization_id, databases) VALUES (change.organization_id, change.more)
      ON CONFLICT (organization_id) DO UPDATE SET databases = u.databases + EXCLUDED.databases
      RETURNING u.databases INTO counted;
      SELECT q.databases INTO allowed FROM organization_quotas(change.organization_id) AS q;
      IF counted > allowed THEN
        RAISE EXCEPTION 'quota exceeded: databases' USING ERRCODE = 'LHQ01', DETAIL = allowed::text;
      END IF;
    ELSE
      UPDATE organization_usage SET databases = greatest(0, databases + change.more)
      WHERE organization_id = change.organization_id;
    END IF;
    SELECT COALESCE(sum(CASE WHEN s.database_id = ANY(change.live) THEN s.bytes ELSE -s.bytes END), 0) INTO moved
    FROM database_sizes s WHERE s.database_id = ANY(change.live || change.gone);
    PERFORM add_storage(change.organization_id, moved);
  END LOOP;
  IF TG_OP = 'DELETE' THEN
    EXECUTE 'DELETE FROM database_sizes WHERE database_id IN (SELECT id FROM removed)';
  END IF;
  RETURN NULL;
END
$$;

-- The latest size of each database, and the sum of an organization's, from what is told of sizes for billing. Organizations in the order
-- of ids, so that nobody waits in a circle. Sizes of databases that are not known are nobody's.
CREATE FUNCTION count_sizes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  organization text;
  moved bigint;
BEGIN
  FOR organization IN
    SELECT DISTINCT d.organization_id FROM added a JOIN databases d ON d.id = a.database_id ORDER BY 1
  LOOP
    INSERT INTO organization_usage AS u (organization_id) VALUES (organization)
    ON CONFLICT (organization_id) DO UPDATE SET databases = u.databases;
    WITH latest AS (
      SELECT DISTINCT ON (a.database_id) a.database_id, a.at, a.bytes, d.deleted_at IS NULL AS live
      FROM added a JOIN databases d ON d.id = a.database_id WHERE d.organization_id = organization
      ORDER BY a.database_id, a.at DESC, a.bytes DESC
    ), newer AS (
      SELECT l.database_id, l.at, l.bytes, l.live, COALESCE(s.bytes, 0) AS was
      FROM latest l LEFT JOIN database_sizes s USING (database_id)
      WHERE s.at IS NULL OR (l.at, l.bytes) > (s.at, s.bytes)
    ), kept AS (
      INSERT INTO database_sizes (database_id, at, bytes) SELECT database_id, at, bytes FROM newer
      ON CONFLICT (database_id) DO UPDATE SET at = EXCLUDED.at, bytes = EXCLUDED.bytes
    )
    SELECT COALESCE(sum(bytes - was) FILTER (WHERE live), 0) INTO moved FROM newer;
    PERFORM add_storage(organization, moved);
  END LOOP;
  RETURN NULL;
END
$$;

CREATE TRIGGER usage_sizes_added AFTER INSERT ON usage_sizes REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION count_sizes();
CREATE TRIGGER usage_sizes_updated AFTER UPDATE ON usage_sizes REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION count_sizes();

-- What is there already.
INSERT INTO database_sizes (database_id, at, bytes)
SELECT DISTINCT ON (s.database_id) s.database_id, s.at, s.bytes FROM usage_sizes s JOIN databases d ON d.id = s.database_id
ORDER BY s.database_id, s.at DESC;
INSERT INTO organization_usage AS u (organization_id, storage_bytes)
SELECT d.organization_id, sum(s.bytes) FROM database_sizes s JOIN databases d ON d.id = s.database_id
WHERE d.deleted_at IS NULL GROUP BY 1
ON CONFLICT (organization_id) DO UPDATE SET storage_bytes = EXCLUDED.storage_bytes;
