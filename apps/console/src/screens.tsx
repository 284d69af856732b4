import { lazy } from 'react';
import { Redirect, Route, Switch } from 'wouter';

import { Message } from './parts/screen-state.js';

const Start = lazy(async () => ({ default: (await import('./start/start.js')).Start }));
const Databases = lazy(async () => ({ default: (await import('./databases/databases.js')).Databases }));
const DatabasePage = lazy(async () => ({ default: (await import('./database/database-page.js')).DatabasePage }));
const Keys = lazy(async () => ({ default: (await import('./keys/keys.js')).Keys }));
const Usage = lazy(async () => ({ default: (await import('./usage/usage.js')).Usage }));
const Members = lazy(async () => ({ default: (await import('./people/members.js')).Members }));
const Audit = lazy(async () => ({ default: (await import('./audit/audit.js')).Audit }));
const Webhooks = lazy(async () => ({ default: (await import('./webhooks/webhooks.js')).Webhooks }));
const WebhookPage = lazy(async () => ({ default: (await import('./webhooks/webhook-page.js')).WebhookPage }));
const Operations = lazy(async () => ({ default: (await import('./operations/operations.js')).Operations }));
const Settings = lazy(async () => ({ default: (await import('./organization/settings.js')).Settings }));
const NewOrganizationPage = lazy(async () => ({
  default: (await import('./organization/new-organization-page.js')).NewOrganizationPage,
}));
const Profile = lazy(async () => ({ default: (await import('./profile/profile.js')).Profile }));
const Billing = lazy(async () => ({ default: (await import('./billing/billing.js')).Billing }));
const InvoicePage = lazy(async () => ({ default: (await import('./billing/invoice-page.js')).InvoicePage }));
const Fleet = lazy(async () => ({ default: (await import('./operator/fleet.js')).Fleet }));
const WorkerPage = lazy(async () => ({ default: (await import('./operator/worker-page.js')).WorkerPage }));
const Tenants = lazy(async () => ({ default: (await import('./operator/tenants.js')).Tenants }));
const TenantPage = lazy(async () => ({ default: (await import('./operator/tenant-page.js')).TenantPage }));
const InspectorPage = lazy(async () => ({
  default: (await import('./operator/inspection/inspector-page.js')).InspectorPage,
}));
const Costs = lazy(async () => ({ default: (await import('./operator/costs.js')).Costs }));
const Health = lazy(async () => ({ default: (await import('./operator/health.js')).Health }));
const Plans = lazy(async () => ({ default: (await import('./operator/plans.js')).Plans }));
const PlanPage = lazy(async () => ({ default: (await import('./operator/plan-page.js')).PlanPage }));
const OperatorInvoices = lazy(async () => ({
  default: (await import('./operator/operator-invoices.js')).OperatorInvoices,
}));
const OperatorInvoice = lazy(async () => ({
  default: (await import('./operator/operator-invoice.js')).OperatorInvoice,
}));
const Jobs = lazy(async () => ({ default: (await import('./operator/jobs.js')).Jobs }));
const Reconciliations = lazy(async () => ({
  default: (await import('./operator/reconciliations.js')).Reconciliations,
}));

/** Every screen behind the log-in, each loaded when it is first wanted. */
export function Screens() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/databases" replace />
      </Route>
      <Route path="/start" component={Start} />
      <Route path="/databases" component={Databases} />
      <Route path="/databases/:name/:tab?" component={DatabasePage} />
      <Route path="/keys" component={Keys} />
      <Route path="/usage" component={Usage} />
      <Route path="/members" component={Members} />
      <Route path="/audit" component={Audit} />
      <Route path="/webhooks" component={Webhooks} />
      <Route path="/webhooks/:id" component={WebhookPage} />
      <Route path="/operations" component={Operations} />
      <Route path="/settings" component={Settings} />
      <Route path="/settings/new-organization" component={NewOrganizationPage} />
      <Route path="/profile" component={Profile} />
      <Route path="/billing/invoice/:id" component={InvoicePage} />
      <Route path="/billing/:tab?" component={Billing} />
      <Route path="/operator/fleet" component={Fleet} />
      <Route path="/operator/fleet/:session" component={WorkerPage} />
      <Route path="/operator/tenants" component={Tenants} />
      <Route path="/operator/tenants/:id" component={TenantPage} />
      <Route path="/operator/databases/:id" component={InspectorPage} />
      <Route path="/operator/costs" component={Costs} />
      <Route path="/operator/health" component={Health} />
      <Route path="/operator/plans" component={Plans} />
      <Route path="/operator/plans/:id" component={PlanPage} />
      <Route path="/operator/invoices" component={OperatorInvoices} />
      <Route path="/operator/invoices/:id" component={OperatorInvoice} />
      <Route path="/operator/jobs" component={Jobs} />
      <Route path="/operator/reconciliation" component={Reconciliations} />
      <Route>
        <Message icon="search" title="There is no such page" text="The address may be old, or mistyped." />
      </Route>
    </Switch>
  );
}
