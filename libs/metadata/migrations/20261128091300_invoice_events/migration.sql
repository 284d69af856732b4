-- What becomes of an invoice has names of its own: webhooks are told by them. Otherwise as it was.
CREATE OR REPLACE FUNCTION audit_action(subject text, operation text, changed text[], old_row jsonb, new_row jsonb)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN subject = 'organization-settings' THEN 'organization-settings.changed'
    WHEN subject = 'quotas' THEN 'quotas.changed'
    WHEN subject = 'suspension' AND operation = 'DELETE' THEN 'organization.resumed'
    WHEN subject = 'suspension' THEN 'organization.suspended'
    WHEN subject = 'signing-key' AND operation = 'INSERT' THEN 'signing-key.published'
    WHEN subject = 'member' AND operation = 'INSERT' THEN 'member.added'
    WHEN subject = 'member' AND operation = 'DELETE' THEN 'member.removed'
    WHEN subject = 'session' AND operation = 'INSERT' THEN 'session.started'
    WHEN subject = 'session' AND operation = 'DELETE' THEN 'session.ended'
    WHEN subject = 'password' AND operation = 'INSERT' THEN 'password.set'
    WHEN subject = 'database' AND operation = 'DELETE' THEN 'database.purged'
    WHEN subject = 'invitation' AND operation = 'DELETE' THEN 'invitation.ended'
    WHEN subject = 'invoice' AND operation = 'INSERT' THEN 'invoice.issued'
    WHEN subject = 'invoice' AND 'state' = ANY (changed)
      THEN CASE WHEN new_row ->> 'state' = 'void' THEN 'invoice.voided' ELSE 'invoice.paid' END
    WHEN subject = 'invoice' THEN 'invoice.credited'
    WHEN operation = 'INSERT' THEN subject || '.created'
    WHEN operation = 'DELETE' THEN subject || '.deleted'
    WHEN subject = 'user' AND 'role' = ANY (changed) THEN 'user.operator-changed'
    WHEN subject = 'user' AND 'email_verified' = ANY (changed) AND (new_row ->> 'email_verified')::boolean
      THEN 'user.email-verified'
    WHEN subject = 'session' AND 'active_organization_id' = ANY (changed) THEN 'session.organization-changed'
    WHEN subject = 'member' AND 'role' = ANY (changed) THEN 'member.role-changed'
    WHEN subject = 'database' AND 'deleted_at' = ANY (changed)
      THEN CASE WHEN new_row ->> 'deleted_at' IS NULL THEN 'database.undeleted' ELSE 'database.deleted' END
    WHEN subject = 'database' AND 'purge_begun_at' = ANY (changed) THEN 'database.purge-begun'
    WHEN subject = 'second-factor' AND 'confirmed_at' = ANY (changed) THEN 'second-factor.confirmed'
    WHEN subject = 'api-key' AND 'revoked_at' = ANY (changed) THEN 'api-key.revoked'
    WHEN subject = 'api-key' AND 'secret_hash' = ANY (changed) THEN 'api-key.rotated'
    WHEN subject = 'api-key' AND 'previous_ends_at' = ANY (changed) THEN 'api-key.previous-secret-ended'
    WHEN subject = 'webhook' AND 'generation' = ANY (changed) THEN 'webhook.secret-rotated'
    WHEN subject = 'webhook' AND 'enabled' = ANY (changed)
      THEN CASE WHEN (new_row ->> 'enabled')::boolean THEN 'webhook.enabled' ELSE 'webhook.disabled' END
    ELSE subject || '.changed'
  END
$$;
