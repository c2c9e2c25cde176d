-- The undo of a delivery (specification 7.7): what an operator planned, who approved and started it. What came of it stands in the
-- ledger, as it is delivered like anything else.
create table register.undo (
  position          bigint      not null,      -- of the delivery that is undone
  board             int         not null,
  delivery_id       text        not null,
  number            int         not null,      -- of the plan: in the ids of what it delivers
  state             text        not null check (state in ('planned', 'started', 'done')),
  planned_by        text        not null,
  planned_at        timestamptz not null default now(),
  takes_later       boolean     not null,      -- also who was delivered again since
  teachers          int         not null,
  lines             int         not null,
  changes           bytea       not null,      -- keyed digests of the two deliveries
  withdrawals       bytea       not null,
  approval_needed   boolean     not null,
  approved_by       text,
  approved_at       timestamptz,
  approval_reason   text,
  started_by        text,
  started_at        timestamptz,
  reason            text,
  sequence          bigint,                    -- volgnummer of the first of them
  received_on       int,
  reference_version bytea,
  newest            bigint,                    -- the board's last delivery at the start
  primary key (position, number),
  constraint undo_approved_by_another check (approved_by is null or approved_by <> planned_by),
  constraint undo_approved check (not approval_needed or approved_by is not null or state = 'planned'),
  constraint undo_started check (state = 'planned' or (started_by is not null and reason is not null and sequence is not null))
);
create index undo_board on register.undo (board);
create unique index undo_one_plan on register.undo (position) where state = 'planned';

create trigger sign before insert on register.undo for each row execute function register.sign_row('planned_at', 'planned_by');
create trigger sign_approval before update on register.undo
  for each row when (new.approved_by is not null
                     and (new.approved_by, new.approved_at) is distinct from (old.approved_by, old.approved_at))
  execute function register.sign_row('approved_at', 'approved_by');
create trigger sign_start before update on register.undo
  for each row when (new.state <> 'planned' and old.state = 'planned')
  execute function register.sign_row('started_at', 'started_by');

-- A plan may be replaced. What was started stays as it is, but for its end: who, when and why, and what it delivers.
create function register.keep_undo() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if old.state = 'planned' then
    return coalesce(new, old); -- of a delete there is no new row
  end if;
  if tg_op = 'DELETE' or to_jsonb(new) - 'state' is distinct from to_jsonb(old) - 'state'
     or (new.state <> old.state and new.state <> 'done') then
    raise exception 'an undo that was started can only end' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger keep before update or delete on register.undo for each row execute function register.keep_undo();

grant select on register.undo to instroom_reader;
insert into register.role_right (role, object, privilege)
select role, 'register.undo', case when role = 'instroom_repair' then
  'select, delete, insert (position, board, delivery_id, number, state, planned_by, takes_later, teachers, lines, changes,'
  ' withdrawals, approval_needed), update (state, approved_by, approved_at, approval_reason, started_by, started_at, reason,'
  ' sequence, received_on, reference_version, newest)' else 'select' end
from unnest(array['instroom_look', 'instroom_persons', 'instroom_replay', 'instroom_repair', 'instroom_reference',
                  'instroom_access']) as role;
insert into register.role_right (role, object, privilege) values
  ('instroom_repair', 'register.leraar', 'select'); -- what a teacher is now
select register.grant_rights();
