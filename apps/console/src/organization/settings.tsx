import { Page } from '../parts/page.js';
import { CorsSettings } from './cors-settings.js';
import { IdentityProviders } from './identity-providers.js';
import { Quotas } from './quotas.js';
import { RenameOrganization } from './rename-organization.js';

/** What holds for the whole organization. */
export function Settings() {
  return (
    <Page title="Settings" description="Of the organization that you act for.">
      <Quotas />
      <RenameOrganization />
      <CorsSettings />
      <IdentityProviders />
    </Page>
  );
}
