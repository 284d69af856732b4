import { Page } from '../parts/page.js';
import { NewOrganization } from './new-organization.js';

export function NewOrganizationPage() {
  return (
    <Page title="New organization" description="With databases, keys, people and bills of its own.">
      <NewOrganization />
    </Page>
  );
}
