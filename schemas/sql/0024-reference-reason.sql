-- Who published a version of the reference tables, when and why. A version may be published more than once, so it has a row for
-- each time. Written before the snapshot goes into its topic: who dies in between leaves a row without published_at.
create table register.reference_publication (
  id           bigint      generated always as identity primary key,
  version      bytea       not null,
  who          text        not null,
  at           timestamptz not null default now(),
  reason       text        not null,
  published_at timestamptz                 -- Kafka has it
);
create index on register.reference_publication (version, id);
create trigger sign before insert on register.reference_publication
  for each row execute function register.sign_row('at', 'who');

grant select on register.reference_publication to instroom_reader;

insert into register.role_right (role, object, privilege)
select role, 'register.reference_publication',
       case when role = 'instroom_reference' then 'select, insert (version, who, reason), update (published_at)' else 'select' end
from unnest(array['instroom_look', 'instroom_persons', 'instroom_replay', 'instroom_repair', 'instroom_reference',
                  'instroom_access']) as role;
select register.grant_rights();
