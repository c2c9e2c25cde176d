-- The volgnummer of a board can be set back (specification 7.6). Writers of the release before go on until validators are of
-- the new one.

-- The highest volgnummer before any set-back; 0: there was none. A validator that begins cold must take what comes again
-- from before for late, so its highest is the greater of the two (design 4).
alter table register.board add column sequence_top bigint not null default 0;

-- What came of each; who asked for it, and why, stands in register.access under the request.
create table register.set_back (
  position        bigint  primary key,
  request_id      uuid    not null,
  board           int     not null,
  sequence        bigint  not null,  -- to what
  sequence_before bigint  not null,  -- the highest until then
  executed        boolean not null,  -- false: it was not below the highest, and nothing happened
  states          int     not null,  -- teachers whose volgnummer fell
  cancelled       int     not null   -- waiting deliveries that ended (LR-K10)
);
create index set_back_board on register.set_back (board);
create index set_back_request on register.set_back (request_id);

-- The volgnummer of what was delivered at a position, as it counted at a later one: at most that of each set-back between.
create function register.sequence_at(of_board int, since bigint, delivered bigint, until bigint) returns bigint
language sql stable as $$
  select least(delivered, (select min(x.sequence) from register.set_back x
                           where x.board = of_board and x.executed and x.position > since and x.position < until))
$$;
grant execute on function register.sequence_at(int, bigint, bigint, bigint) to instroom_reader, instroom_writer;

grant select, insert, update, delete on register.set_back to instroom_writer;
grant select on register.set_back to instroom_reader;

alter table register.access add column request_id uuid;
create index access_request on register.access (request_id) where request_id is not null;
