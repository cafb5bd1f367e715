// What the keyboard does everywhere, and the help that says so.
import { Kbd, Modal, Table, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useNavigate } from 'react-router';
import { useMay } from '../api/session.js';
import { type Command, commandOf, type Focus, type Pressed, rowAfter } from './keyboard.js';
import { type Place, places } from './places.js';

/** The search field of a page, if it has one, is marked with this attribute. */
export const searchMark = { 'data-page-search': '' } as const;

const keys: readonly (readonly [string, string])[] = [
  ['j', 'Next row of the list'],
  ['k', 'Row before'],
  ['Enter', 'Open the row'],
  ['r', 'Read the page again, with what is new'],
  ['/', 'Go to the search field of the page'],
  ['?', 'Show this help'],
  ['Esc', 'Close what is open'],
];

/** Boxes and buttons to choose with are no place to type in. */
const typed = 'input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable], [role=listbox]';
const covering = '[role=dialog], [role=menu]';

const focusOf = ({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): Focus => ({
  isTyping: target instanceof Element && target.closest(typed) !== null,
  isCovered: document.querySelector(covering) !== null,
  hasModifier: ctrlKey || metaKey || altKey,
});

/** The link of the next row, in whatever list of the page. */
const goToRow = (step: 1 | -1): void => {
  const rows = [...document.querySelectorAll<HTMLElement>('main .row-link')];
  const current = rows.findIndex((link) => link.closest('tr')?.contains(document.activeElement) ?? link === document.activeElement);
  const next = rows[rowAfter(current, step, rows.length)];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
};

const goToSearch = (event: KeyboardEvent): void => {
  const search = document.querySelector<HTMLElement>('[data-page-search]');
  if (search === null) return;
  event.preventDefault();
  search.focus();
};

type Props = { readonly isHelpOpen: boolean; readonly onHelp: () => void; readonly onHelpClose: () => void };

export const Shortcuts = ({ isHelpOpen, onHelp, onHelpClose }: Props) => {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const may = useMay();
  const offered = places.filter(({ needs }) => may(needs));
  const before = useRef<Pressed | null>(null);
  useEffect(() => {
    const act = (command: Command, event: KeyboardEvent) => {
      if (command.do === 'go') void navigate(command.to);
      else if (command.do === 'help') onHelp();
      else if (command.do === 'search') goToSearch(event);
      else if (command.do === 'row') goToRow(command.step);
      else {
        document.querySelector<HTMLElement>('[data-show-new]')?.click();
        void queries.invalidateQueries({ type: 'active' });
      }
    };
    const listen = (event: KeyboardEvent) => {
      const pressed = { key: event.key, atMs: event.timeStamp };
      const command = event.isComposing ? null : commandOf(pressed, before.current, focusOf(event), offered);
      before.current = pressed;
      if (command !== null) act(command, event);
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [navigate, onHelp, queries, offered]);
  return (
    <Modal opened={isHelpOpen} onClose={onHelpClose} title="Keyboard" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Keys keys={[...keys, ...offered.map(({ key, label }: Place) => [`g ${key}`, label] as const)]} />
    </Modal>
  );
};

const Keys = ({ keys: rows }: { readonly keys: readonly (readonly [string, string])[] }) => (
  <Table aria-label="Keys">
    <Table.Tbody>
      {rows.map(([key, what]) => (
        <Table.Tr key={key}>
          <Table.Td className="no-wrap">
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
);
