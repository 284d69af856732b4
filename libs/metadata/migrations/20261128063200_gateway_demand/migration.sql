-- Worth nothing after a few seconds, and written once a second: not logged, and empty after a crash of the server.
CREATE UNLOGGED TABLE "gateway_demand" (
    "gateway_id" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "demand" TEXT NOT NULL,

    CONSTRAINT "gateway_demand_pkey" PRIMARY KEY ("gateway_id")
);
