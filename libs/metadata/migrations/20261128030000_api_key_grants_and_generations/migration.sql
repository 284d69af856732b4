-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN "databases" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN "key_prefix" BYTEA,
ADD COLUMN "previous_ends_at" TIMESTAMPTZ(3),
ADD COLUMN "previous_last_four" TEXT,
ADD COLUMN "previous_secret_hash" BYTEA;

-- CreateTable
CREATE TABLE "api_key_uses" (
    "key_id" TEXT NOT NULL,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_key_uses_pkey" PRIMARY KEY ("key_id")
);

-- AddForeignKey
ALTER TABLE "api_key_uses" ADD CONSTRAINT "api_key_uses_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;
