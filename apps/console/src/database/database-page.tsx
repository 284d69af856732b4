import { Anchor, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useParams } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { Changes } from '../changes/changes.js';
import { DataBrowser } from '../data/data-browser.js';
import { DATABASES } from '../databases/database-list.js';
import { Metrics } from '../metrics/metrics.js';
import { Page } from '../parts/page.js';
import { ScreenState } from '../parts/screen-state.js';
import { DatabaseOverview } from './database-overview.js';
import { DatabaseSettings } from './database-settings.js';
import { WithData } from './with-data.js';

const TABS = [
  { id: 'data', name: 'Data' },
  { id: 'changes', name: 'Changes' },
  { id: 'overview', name: 'Overview' },
  { id: 'metrics', name: 'Metrics' },
  { id: 'settings', name: 'Settings' },
] as const;

/** What a database remembers where nothing else is said. */
const DEFAULT_RETENTION_SECONDS = 24 * 60 * 60;

/** One database. */
export function DatabasePage() {
  const { name = '', tab = 'data' } = useParams<{ name: string; tab?: string }>();
  const [, navigate] = useLocation();
  const database = useQuery({
    queryKey: [...DATABASES, 'named', name],
    queryFn: ({ signal }) =>
      answerOf(control.GET('/v1/databases/{nameOrId}', { signal, params: { path: { nameOrId: name } } })),
  });
  return (
    <Page
      title={name}
      description={
        <Anchor component={Link} to="/databases" size="sm">
          All databases
        </Anchor>
      }
    >
      <ScreenState query={database}>
        {(found) => (
          <Tabs
            value={tab}
            onChange={(chosen) => navigate(`/databases/${name}/${chosen ?? 'data'}`)}
            keepMounted={false}
          >
            <Tabs.List mb="md">
              {TABS.map(({ id, name: label }) => (
                <Tabs.Tab key={id} value={id}>
                  {label}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value="data">
              <WithData name={name}>
                {(data) => (
                  <DataBrowser data={data} retentionSeconds={found.retentionSeconds ?? DEFAULT_RETENTION_SECONDS} />
                )}
              </WithData>
            </Tabs.Panel>
            <Tabs.Panel value="changes">
              <WithData name={name}>{(data) => <Changes data={data} />}</WithData>
            </Tabs.Panel>
            <Tabs.Panel value="overview">
              <WithData name={name}>{(data) => <DatabaseOverview database={found} data={data} />}</WithData>
            </Tabs.Panel>
            <Tabs.Panel value="metrics">
              <Metrics nameOrId={found.id} />
            </Tabs.Panel>
            <Tabs.Panel value="settings">
              <DatabaseSettings key={found.revision} database={found} />
            </Tabs.Panel>
          </Tabs>
        )}
      </ScreenState>
    </Page>
  );
}
