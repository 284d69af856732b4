-- A grant is told in the log of whose database it is: the row names the organization that has it. When the database is purged its grants go with
-- it, and the purge is what is told.
CREATE FUNCTION record_database_grant_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  actor jsonb := COALESCE(NULLIF(current_setting('leasehold.author', true), ''), '{}')::jsonb;
  old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}'::jsonb ELSE to_jsonb(OLD) END;
  new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}'::jsonb ELSE to_jsonb(NEW) END;
  shown text[] := '{organization_id,access,created_at}';
  changed text[];
BEGIN
  SELECT COALESCE(array_agg(m.key), '{}') INTO changed FROM jsonb_object_keys(old_row || new_row) AS m (key)
  WHERE old_row -> m.key IS DISTINCT FROM new_row -> m.key;
  IF cardinality(changed) = 0 THEN RETURN NULL; END IF;
  INSERT INTO audit_entries (at, organization_id, actor_kind, actor_id, actor_name, session_id, address, agent, request_id,
    action, subject_kind, subject_id, subject_name, before, after)
  SELECT clock_timestamp(), d.organization_id, COALESCE(actor ->> 'kind', 'system'), actor ->> 'id', actor ->> 'name',
    actor ->> 'sessionId', actor ->> 'address', actor ->> 'agent', actor ->> 'requestId',
    audit_action('database-grant', TG_OP, changed, old_row, new_row), 'database-grant', d.id::text, d.name,
    audit_members(shown, changed, old_row), audit_members(shown, changed, new_row)
  FROM databases d WHERE d.id = COALESCE(NEW.database_id, OLD.database_id);
  RETURN NULL;
END
$$;

CREATE TRIGGER database_grants_audited AFTER INSERT OR UPDATE OR DELETE ON database_grants
  FOR EACH ROW EXECUTE FUNCTION record_database_grant_audit_entry();
