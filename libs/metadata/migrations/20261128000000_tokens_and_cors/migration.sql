-- CreateTable
CREATE TABLE "organization_settings" (
    "organization_id" TEXT NOT NULL,
    "cors_origins" TEXT[],
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organization_settings_pkey" PRIMARY KEY ("organization_id")
);

-- CreateTable
CREATE TABLE "token_keys" (
    "kid" TEXT NOT NULL,
    "public_key" BYTEA NOT NULL,
    "published_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "token_keys_pkey" PRIMARY KEY ("kid")
);

-- AddForeignKey
ALTER TABLE "organization_settings" ADD CONSTRAINT "organization_settings_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organizations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What the data plane keeps of an organization, and the keys that it believes tokens by.
CREATE FUNCTION record_organization_settings_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO changes (transaction_id, kind, organization_id, subject)
  VALUES (
    pg_current_xact_id()::text::bigint,
    'tenant',
    COALESCE(NEW.organization_id, OLD.organization_id),
    COALESCE(NEW.organization_id, OLD.organization_id)
  );
  RETURN NULL;
END
$$;

CREATE TRIGGER organization_settings_changed AFTER INSERT OR UPDATE OR DELETE ON organization_settings
  FOR EACH ROW EXECUTE FUNCTION record_organization_settings_change();

CREATE FUNCTION record_token_key_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Signing keys belong to the installation, to no organization.
  INSERT INTO changes (transaction_id, kind, organization_id, subject)
  VALUES (pg_current_xact_id()::text::bigint, 'token-key', '', COALESCE(NEW.kid, OLD.kid));
  RETURN NULL;
END
$$;

CREATE TRIGGER token_keys_changed AFTER INSERT OR UPDATE OR DELETE ON token_keys
  FOR EACH ROW EXECUTE FUNCTION record_token_key_change();
