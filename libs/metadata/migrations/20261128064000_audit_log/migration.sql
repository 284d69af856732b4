-- CreateTable
CREATE TABLE "audit_entries" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "organization_id" TEXT,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT,
    "actor_name" TEXT,
    "session_id" TEXT,
    "address" TEXT,
    "agent" TEXT,
    "request_id" TEXT,
    "action" TEXT NOT NULL,
    "subject_kind" TEXT NOT NULL,
    "subject_id" TEXT,
    "subject_name" TEXT,
    "before" JSONB,
    "after" JSONB,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "audit_entries_organization_id_id_idx" ON "audit_entries"("organization_id", "id");

-- CreateIndex
CREATE INDEX "audit_entries_organization_id_action_id_idx" ON "audit_entries"("organization_id", "action", "id");

-- CreateIndex
CREATE INDEX "audit_entries_organization_id_actor_id_id_idx" ON "audit_entries"("organization_id", "actor_id", "id");

-- CreateIndex
CREATE INDEX "audit_entries_organization_id_subject_id_id_idx" ON "audit_entries"("organization_id", "subject_id", "id");

-- CreateIndex
CREATE INDEX "audit_entries_at_idx" ON "audit_entries"("at");

-- What a change of a row is called. Pure: the only place in which actions get their names (docs/audit-log.md lists them).
CREATE FUNCTION audit_action(subject text, operation text, changed text[], old_row jsonb, new_row jsonb)
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

-- The members of a row that may be told, of those that changed.
CREATE FUNCTION audit_members(shown text[], changed text[], full_row jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_object_agg(m.key, m.value) FROM jsonb_each(full_row) AS m
  WHERE m.key = ANY (shown) AND m.key = ANY (changed)
$$;

-- Every change of a row leaves an entry, in the same transaction, whoever made it. Arguments: what the row is called; the columns of its id and
-- of its name; the columns that may be told; those whose change alone leaves no entry. A column that is in neither list is a secret: that it
-- changed is noted, what it holds is not.
CREATE FUNCTION record_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  subject text := TG_ARGV[0];
  shown text[] := string_to_array(TG_ARGV[3], ',');
  ignored text[] := string_to_array(TG_ARGV[4], ',');
  actor jsonb := COALESCE(NULLIF(current_setting('leasehold.author', true), ''), '{}')::jsonb;
  old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}'::jsonb ELSE to_jsonb(OLD) END;
  new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}'::jsonb ELSE to_jsonb(NEW) END;
  present jsonb := CASE WHEN TG_OP = 'DELETE' THEN old_row ELSE new_row END;
  actor_kind text := COALESCE(actor ->> 'kind', 'system');
  actor_id text := actor ->> 'id';
  actor_name text := actor ->> 'name';
  person text;
  organization text;
  changed text[];
BEGIN
  SELECT COALESCE(array_agg(m.key), '{}') INTO changed FROM jsonb_object_keys(present) AS m (key)
  WHERE old_row -> m.key IS DISTINCT FROM new_row -> m.key AND (TG_OP <> 'UPDATE' OR NOT m.key = ANY (ignored));
  IF cardinality(changed) = 0 THEN RETURN NULL; END IF;
  CASE subject
    WHEN 'organization' THEN organization := present ->> 'id';
    WHEN 'session' THEN
      person := present ->> 'user_id';
      organization := COALESCE(present ->> 'active_organization_id', old_row ->> 'active_organization_id');
    WHEN 'password', 'second-factor' THEN person := present ->> 'user_id';
    WHEN 'user' THEN person := present ->> 'id';
    ELSE organization := present ->> 'organization_id';
  END CASE;
  IF person IS NOT NULL AND organization IS NULL THEN
    SELECT m.organization_id INTO organization FROM members m WHERE m.user_id = person ORDER BY m.created_at, m.id LIMIT 1;
  END IF;
  -- Who has no session yet, and changes what is a person's own, has shown a password or the link of a mail.
  IF actor_kind = 'visitor' AND person IS NOT NULL THEN
    actor_kind := 'user';
    actor_id := person;
    actor_name := (SELECT u.email FROM users u WHERE u.id = person);
  END IF;
  INSERT INTO audit_entries (at, organization_id, actor_kind, actor_id, actor_name, session_id, address, agent, request_id,
    action, subject_kind, subject_id, subject_name, before, after)
  VALUES (clock_timestamp(), organization, actor_kind, actor_id, actor_name, actor ->> 'sessionId', actor ->> 'address',
    actor ->> 'agent', actor ->> 'requestId', audit_action(subject, TG_OP, changed, old_row, new_row),
    subject, present ->> TG_ARGV[1], present ->> TG_ARGV[2],
    audit_members(shown, changed, old_row), audit_members(shown, changed, new_row));
  RETURN NULL;
END
$$;

CREATE TRIGGER users_audited AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('user', 'id', 'email', 'id,name,email,email_verified,image,role,created_at', 'updated_at');
CREATE TRIGGER accounts_audited AFTER INSERT OR UPDATE OR DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('password', 'user_id', '', 'id,user_id,provider_id', 'updated_at,created_at,account_id,scope,access_token_expires_at,refresh_token_expires_at');
CREATE TRIGGER sessions_audited AFTER INSERT OR UPDATE OR DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('session', 'id', '', 'id,user_id,active_organization_id,ip_address,user_agent,created_at', 'updated_at,expires_at');
CREATE TRIGGER organizations_audited AFTER INSERT OR UPDATE OR DELETE ON organizations FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('organization', 'id', 'name', 'id,name,slug,logo,metadata,created_at', '');
CREATE TRIGGER members_audited AFTER INSERT OR UPDATE OR DELETE ON members FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('member', 'user_id', '', 'id,organization_id,user_id,role,created_at', '');
CREATE TRIGGER invitations_audited AFTER INSERT OR UPDATE OR DELETE ON invitations FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('invitation', 'id', 'email', 'id,organization_id,email,role,expires_at,created_at,inviter_id', '');
CREATE TRIGGER databases_audited AFTER INSERT OR UPDATE OR DELETE ON databases FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('database', 'id', 'name', 'id,organization_id,name,created_at,deleted_at,labels,delete_protection,expires_at,retention_seconds,size_limit_bytes,undelete_seconds,purge_at,purge_begun_at', 'revision');
CREATE TRIGGER api_keys_audited AFTER INSERT OR UPDATE OR DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('api-key', 'id', 'name', 'id,organization_id,name,last_four,scopes,databases,key_prefix,created_at,expires_at,revoked_at,previous_last_four,previous_ends_at', '');
CREATE TRIGGER organization_settings_audited AFTER INSERT OR UPDATE OR DELETE ON organization_settings FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('organization-settings', 'organization_id', '', 'organization_id,cors_origins', 'updated_at');
CREATE TRIGGER token_keys_audited AFTER INSERT OR UPDATE OR DELETE ON token_keys FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('signing-key', 'kid', '', 'kid,public_key', 'published_at');
CREATE TRIGGER plans_audited AFTER INSERT OR UPDATE OR DELETE ON plans FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('plan', 'id', 'name', 'id,name,requests_per_second,burst_requests,bytes_per_second,concurrent_requests,databases,storage_bytes,concurrent_wakes', 'updated_at');
CREATE TRIGGER organization_limits_audited AFTER INSERT OR UPDATE OR DELETE ON organization_limits FOR EACH ROW EXECUTE FUNCTION
  record_audit_entry('quotas', 'organization_id', '', 'organization_id,plan_id,requests_per_second,burst_requests,bytes_per_second,concurrent_requests,databases,storage_bytes,concurrent_wakes', 'updated_at');

-- Against mistakes and wrong code; who owns the tables can take the trigger away.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('leasehold.audit_pruning', true) = 'on' THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'audit entries are never changed, and go only by prune_audit_entries';
END
$$;

CREATE TRIGGER audit_entries_kept BEFORE UPDATE OR DELETE ON audit_entries
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_entries_not_truncated BEFORE TRUNCATE ON audit_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- The oldest first, `most` at once: short locks.
CREATE FUNCTION prune_audit_entries(older_than timestamptz, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  pruned integer;
BEGIN
  PERFORM set_config('leasehold.audit_pruning', 'on', true);
  DELETE FROM audit_entries WHERE id IN (SELECT id FROM audit_entries WHERE at < older_than ORDER BY at LIMIT most);
  GET DIAGNOSTICS pruned = ROW_COUNT;
  PERFORM set_config('leasehold.audit_pruning', '', true);
  RETURN pruned;
END
$$;
