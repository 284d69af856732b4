-- As before, for all organizations of a statement at once: it went through all sizes of the statement for each of them, so that a record of
-- ten thousand tenants took ten thousand times as long as one of a single tenant. Organizations are locked in the order of ids, so that
-- nobody waits in a circle, and sizes are read after that.
CREATE OR REPLACE FUNCTION count_sizes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change record;
BEGIN
  INSERT INTO organization_usage AS u (organization_id)
  SELECT DISTINCT d.organization_id FROM added a JOIN databases d ON d.id = a.database_id ORDER BY 1
  ON CONFLICT (organization_id) DO UPDATE SET databases = u.databases;
  FOR change IN
    WITH latest AS (
      SELECT DISTINCT ON (a.database_id) a.database_id, a.at, a.bytes, d.organization_id, d.deleted_at IS NULL AS live
      FROM added a JOIN databases d ON d.id = a.database_id
      ORDER BY a.database_id, a.at DESC, a.bytes DESC
    ), newer AS (
      SELECT l.database_id, l.at, l.bytes, l.organization_id, l.live, COALESCE(s.bytes, 0) AS was
      FROM latest l LEFT JOIN database_sizes s USING (database_id)
      WHERE s.at IS NULL OR (l.at, l.bytes) > (s.at, s.bytes)
    ), kept AS (
      INSERT INTO database_sizes (database_id, at, bytes) SELECT database_id, at, bytes FROM newer
      ON CONFLICT (database_id) DO UPDATE SET at = EXCLUDED.at, bytes = EXCLUDED.bytes
    )
    SELECT organization_id, sum(bytes - was)::bigint AS moved FROM newer WHERE live
    GROUP BY 1 HAVING sum(bytes - was) <> 0 ORDER BY 1
  LOOP
    PERFORM add_storage(change.organization_id, change.moved);
  END LOOP;
  RETURN NULL;
END
$$;
