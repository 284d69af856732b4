-- A code that was used, or a wrong one, is no change of what somebody decided.
CREATE TRIGGER second_factors_audited AFTER INSERT OR UPDATE OR DELETE ON second_factors FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('second-factor', 'user_id', '', 'user_id,confirmed_at', 'last_step,failures,failed_at');
