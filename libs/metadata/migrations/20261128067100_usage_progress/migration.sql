-- CreateTable
CREATE TABLE "usage_progress" (
    "id" INTEGER NOT NULL,
    "complete_to" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_progress_pkey" PRIMARY KEY ("id")
);
