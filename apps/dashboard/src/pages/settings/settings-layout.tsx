// Settings: the tabs on the left (above, on a narrow screen), what they show on the right.
import { Tabs } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { Outlet, useLocation, useNavigate } from 'react-router';
import { useMay } from '../../api/session.js';
import { PageHeader } from '../../shared/page-header.js';

const webhooksTab = { value: 'webhooks', label: 'Webhook Settings' } as const;
const environmentTab = { value: 'environment', label: 'Environment' } as const;

export const SettingsLayout = () => {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const may = useMay();
  const tabs = may('administer') ? [webhooksTab, environmentTab] : [webhooksTab];
  const isWide = useMediaQuery('(min-width: 62em)', true);
  const current = tabs.find(({ value }) => pathname.startsWith(`/settings/${value}`))?.value ?? webhooksTab.value;
  return (
    <>
      <PageHeader title="Settings" />
      <Tabs
        value={current}
        onChange={(value) => value !== null && navigate(`/settings/${value}`)}
        orientation={isWide ? 'vertical' : 'horizontal'}
      >
        <Tabs.List aria-label="Settings" miw={180}>
          {tabs.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value} ta="left" onClick={() => navigate(`/settings/${value}`)}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={current} pl={isWide ? 'lg' : 0} pt={isWide ? 0 : 'md'} miw={0}>
          <Outlet />
        </Tabs.Panel>
      </Tabs>
    </>
  );
};
