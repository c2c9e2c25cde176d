-- The undo of a delivery (specification 7.7): what an operator planned, who approved and started it. What came of it stands in the
-- ledger, as it is delivered like anything else.
create table register.undo (
  position          bigint      primary key,   -- of the delivery that is undone
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
  constraint undo_approved_by_another check (approved_by is null or approved_by <> planned_by),
  constraint undo_approved check (not approval_needed or approved_by is not null or state = 'planned'),
  constraint undo_started check (state = 'planned' or (started_by is not null and reason is not null and sequence is not null))
);
create index undo_board on register.undo (board);

create trigger sign before insert on register.undo for each row execute function register.sign_row('planned_at', 'planned_by');
create trigger sign_approval before update on register.undo
  for each row when (new.approved_by is not null
                     and (new.approved_by, new.approved_at) is distinct from (old.approved_by, old.approved_at))
  execute function register.sign_row('approved_at', 'approved_by');
create trigger sign_start before update on register.undo
  for each row when (new.state = 'started' and old.state = 'planned')
  execute function register.sign_row('started_at', 'started_by');

grant select on register.undo to instroom_reader;
insert into register.role_right (role, object, privilege)
select role, 'register.undo', case when role = 'instroom_repair' then
  'select, delete, insert (position, board, delivery_id, number, state, planned_by, takes_later, teachers, lines, changes,'
  ' withdrawals, approval_needed), update (state, approved_by, approved_at, approval_reason, started_by, started_at, reason,'
  ' sequence, received_on, reference_version, newest)' else 'select' end
from unnest(array['instroom_look', 'instroom_persons', 'instroom_replay', 'instroom_repair', 'instroom_reference',
                  'instroom_access']) as role;
select register.grant_rights();
