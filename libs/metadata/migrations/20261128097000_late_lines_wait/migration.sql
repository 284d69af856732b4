-- AlterTable
ALTER TABLE "invoice_periods" ADD COLUMN "waiting" TIMESTAMPTZ(3)[] DEFAULT ARRAY[]::TIMESTAMPTZ(3)[];
