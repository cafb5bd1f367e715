// What the keyboard does everywhere: `/` goes to the page's search, `?` shows this help, `g` and a letter goes to a page.
import { Kbd, Modal, Table, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useNavigate } from 'react-router';

/** The search field of a page, if it has one, is marked with this attribute. */
export const searchMark = { 'data-page-search': '' } as const;

const places: Readonly<Record<string, string>> = { o: '/', w: '/webhooks', e: '/events', d: '/deliveries', s: '/settings/webhooks' };
const afterGMs = 1_000;

const keys: readonly (readonly [string, string])[] = [
  ['/', 'Go to the search field of the page'],
  ['?', 'Show this help'],
  ['g o', 'Overview'],
  ['g w', 'Webhooks'],
  ['g e', 'Events'],
  ['g d', 'Deliveries'],
  ['g s', 'Webhook Settings'],
  ['Esc', 'Close what is open'],
];

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

type Props = { readonly isHelpOpen: boolean; readonly onHelp: () => void; readonly onHelpClose: () => void };

export const Shortcuts = ({ isHelpOpen, onHelp, onHelpClose }: Props) => {
  const navigate = useNavigate();
  useEffect(() => {
    let pressedGAt = 0;
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const place = event.timeStamp - pressedGAt < afterGMs ? places[event.key] : undefined;
      pressedGAt = event.key === 'g' ? event.timeStamp : 0;
      if (place !== undefined) navigate(place);
      else if (event.key === '?') onHelp();
      else if (event.key === '/') {
        const search = document.querySelector<HTMLElement>('[data-page-search]');
        if (search === null) return;
        event.preventDefault();
        search.focus();
      }
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [navigate, onHelp]);
  return (
    <Modal opened={isHelpOpen} onClose={onHelpClose} title="Keyboard" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Table>
        <Table.Tbody>
          {keys.map(([key, what]) => (
            <Table.Tr key={key}>
              <Table.Td>
                {key.split(' ').map((each) => (
                  <Kbd key={each} mr={4}>
                    {each}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>
                <Text size="sm">{what}</Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
};
