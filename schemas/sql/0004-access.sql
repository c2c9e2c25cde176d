-- Every reading of personal data by an operator leaves a row (design 9). The reader role may add rows, not change them.

create table register.access (
  at       timestamptz not null default now(),
  who      text        not null default session_user,
  what     text        not null,     -- the command, such as "stand --with-bsn"
  board    int,                      -- null: all boards
  topic    text,                     -- of a dumped message
  partition int,
  "offset" bigint
);
grant select, insert on register.access to instroom_reader;
