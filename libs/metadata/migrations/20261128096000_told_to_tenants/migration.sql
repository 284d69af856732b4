-- The reason of a suspension is for operators: that there is one is told, and why is not.
DROP TRIGGER organization_suspensions_audited ON organization_suspensions;
CREATE TRIGGER organization_suspensions_audited AFTER INSERT OR UPDATE OR DELETE ON organization_suspensions FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('suspension', 'organization_id', '', 'organization_id,suspended_at', 'number');

-- As before, without what a session says of where it was begun and by which program: that does not leave the service.
CREATE OR REPLACE FUNCTION deliver_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kept text[] := '{ip_address,user_agent}';
BEGIN
  INSERT INTO webhook_deliveries (webhook_id, message_id, event, payload)
  SELECT w.id, 'msg_' || NEW.id, NEW.action, jsonb_build_object(
    'type', NEW.action,
    'timestamp', to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', jsonb_build_object(
      'id', NEW.id::text,
      'actor', jsonb_build_object('kind', NEW.actor_kind, 'id', CASE WHEN NEW.actor_kind <> 'operator' THEN NEW.actor_id END),
      'subject', jsonb_build_object('kind', NEW.subject_kind, 'id', NEW.subject_id, 'name', NEW.subject_name),
      'before', NEW.before - kept,
      'after', NEW.after - kept))::text
  FROM webhooks w
  WHERE w.organization_id = NEW.organization_id AND w.enabled AND (w.events = '{}' OR NEW.action = ANY (w.events));
  RETURN NULL;
END
$$;
