-- The deliveries of one replay in the order of lists: few of all deliveries were ever replayed, and these would be looked for row by row.
create index deliveries_of_replay_in_order on deliveries (replay_id, event_id, webhook_id) where replay_id is not null;
