-- CreateTable
CREATE TABLE "organization_usage" (
    "organization_id" TEXT NOT NULL,
    "databases" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "organization_usage_pkey" PRIMARY KEY ("organization_id")
);

-- AddForeignKey
ALTER TABLE "organization_usage" ADD CONSTRAINT "organization_usage_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What is there already.
INSERT INTO organization_usage (organization_id, databases)
SELECT organization_id, count(*) FROM databases WHERE deleted_at IS NULL GROUP BY organization_id;

-- Counts live databases, whoever makes or deletes them, and undoes what would go past the quota. The row of the organization is locked from
-- here to the end of the transaction: of two that create at once one waits, and counts what the other has made. By statement: a row that is
-- changed again and again in one transaction costs the square of it. In the order of ids, so that nobody waits in a circle.
CREATE FUNCTION count_databases() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change record;
  counted integer;
  allowed integer;
BEGIN
  FOR change IN EXECUTE CASE TG_OP
    WHEN 'INSERT' THEN
      'SELECT organization_id, count(*)::int AS more FROM added WHERE deleted_at IS NULL GROUP BY 1 ORDER BY 1'
    WHEN 'DELETE' THEN
      'SELECT organization_id, -count(*)::int AS more FROM removed WHERE deleted_at IS NULL GROUP BY 1 ORDER BY 1'
    ELSE
      'SELECT organization_id, sum(one)::int AS more FROM (
         SELECT organization_id, 1 AS one FROM added WHERE deleted_at IS NULL
         UNION ALL SELECT organization_id, -1 FROM removed WHERE deleted_at IS NULL) AS both_sides
       GROUP BY 1 HAVING sum(one) <> 0 ORDER BY 1'
    END
  LOOP
    IF change.more < 0 THEN
      UPDATE organization_usage SET databases = greatest(0, databases + change.more)
      WHERE organization_id = change.organization_id;
      CONTINUE;
    END IF;
    INSERT INTO organization_usage AS u (organization_id, databases) VALUES (change.organization_id, change.more)
    ON CONFLICT (organization_id) DO UPDATE SET databases = u.databases + EXCLUDED.databases
    RETURNING u.databases INTO counted;
    SELECT q.databases INTO allowed FROM organization_quotas(change.organization_id) AS q;
    IF counted > allowed THEN
      RAISE EXCEPTION 'quota exceeded: databases' USING ERRCODE = 'LHQ01', DETAIL = allowed::text;
    END IF;
  END LOOP;
  RETURN NULL;
END
$$;

CREATE TRIGGER databases_added AFTER INSERT ON databases REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION count_databases();
CREATE TRIGGER databases_updated AFTER UPDATE ON databases REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION count_databases();
CREATE TRIGGER databases_removed AFTER DELETE ON databases REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION count_databases();
