-- Said by the operator's route, or copied from the bucket, where the row names who did it.
CREATE TRIGGER organization_suspensions_audited AFTER INSERT OR UPDATE OR DELETE ON organization_suspensions FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('suspension', 'organization_id', '', 'organization_id,reason,suspended_at', 'number');
