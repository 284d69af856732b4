-- CreateTable
CREATE TABLE "usage_reconciliations" (
    "id" BIGSERIAL NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "begun_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "sessions" INTEGER NOT NULL,
    "records" INTEGER NOT NULL,
    "damaged" INTEGER NOT NULL,
    "missing" INTEGER NOT NULL,
    "unread" INTEGER NOT NULL,
    "databases" INTEGER NOT NULL,
    "differences" INTEGER NOT NULL,

    CONSTRAINT "usage_reconciliations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_differences" (
    "reconciliation_id" BIGINT NOT NULL,
    "position" INTEGER NOT NULL,
    "database_id" UUID NOT NULL,
    "hour" INTEGER NOT NULL,
    "key_id" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "recorded" BIGINT NOT NULL,
    "counted" BIGINT NOT NULL,

    CONSTRAINT "usage_differences_pkey" PRIMARY KEY ("reconciliation_id","position")
);

-- AddForeignKey
ALTER TABLE "usage_differences" ADD CONSTRAINT "usage_differences_reconciliation_id_fkey" FOREIGN KEY ("reconciliation_id") REFERENCES "usage_reconciliations"("id") ON DELETE CASCADE ON UPDATE CASCADE;
