-- The first generation of the secret that signs until previous_ends_at; null: the one before the present one.
ALTER TABLE "webhooks" ADD COLUMN "oldest_generation" INTEGER;

DROP TRIGGER webhooks_audited ON webhooks;
CREATE TRIGGER webhooks_audited AFTER INSERT OR UPDATE OR DELETE ON webhooks FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('webhook', 'id', 'url', 'id,organization_id,url,description,events,enabled,generation,previous_ends_at,oldest_generation,created_at', 'failing_since,paused_until');
