-- CreateTable
CREATE TABLE "traffic_records" (
    "session" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "reaches_to" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "traffic_records_pkey" PRIMARY KEY ("session","number")
);

-- CreateTable
CREATE TABLE "traffic_progress" (
    "id" INTEGER NOT NULL,
    "complete_to" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "traffic_progress_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "traffic" (
    "database_id" UUID NOT NULL,
    "span" INTEGER NOT NULL,
    "minute" INTEGER NOT NULL,
    "requests" BIGINT NOT NULL,
    "errors" BIGINT NOT NULL,
    "cold_starts" BIGINT NOT NULL,
    "cold_phases" JSONB NOT NULL,
    "latency" JSONB NOT NULL,

    CONSTRAINT "traffic_pkey" PRIMARY KEY ("database_id","span","minute")
);

-- CreateIndex
CREATE INDEX "traffic_records_reaches_to_session_idx" ON "traffic_records"("reaches_to", "session");

-- CreateIndex
CREATE INDEX "traffic_span_minute_idx" ON "traffic"("span", "minute");
