-- CreateTable
CREATE TABLE "usage_records" (
    "session" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "reaches_to" TIMESTAMPTZ(3) NOT NULL,
    "taken_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_records_pkey" PRIMARY KEY ("session","number")
);

-- CreateTable
CREATE TABLE "usage_coverage" (
    "database_id" UUID NOT NULL,
    "from_commits" BIGINT NOT NULL,
    "from_units" BIGINT NOT NULL,
    "to_commits" BIGINT NOT NULL,
    "to_units" BIGINT NOT NULL,

    CONSTRAINT "usage_coverage_pkey" PRIMARY KEY ("database_id","from_commits")
);

-- CreateTable
CREATE TABLE "usage_hours" (
    "database_id" UUID NOT NULL,
    "hour" INTEGER NOT NULL,
    "key_id" TEXT NOT NULL,
    "commits" BIGINT NOT NULL,
    "write_units" BIGINT NOT NULL,
    "requests" BIGINT NOT NULL,
    "read_units" BIGINT NOT NULL,
    "egress_bytes" BIGINT NOT NULL,

    CONSTRAINT "usage_hours_pkey" PRIMARY KEY ("database_id","hour","key_id")
);

-- CreateTable
CREATE TABLE "usage_sizes" (
    "database_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "bytes" BIGINT NOT NULL,

    CONSTRAINT "usage_sizes_pkey" PRIMARY KEY ("database_id","at")
);
