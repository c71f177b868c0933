BEGIN TRANSACTION;
CREATE TABLE `account` (
          `id` text PRIMARY KEY,
          `email` text NOT NULL,
          `url` text NOT NULL,
          `access_token` text NOT NULL,
          `refresh_token` text NOT NULL,
          `token_expiry` integer,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL
        );
CREATE TABLE `account_state` (
          `id` integer PRIMARY KEY,
          `active_account_id` text,
          `active_org_id` text,
          CONSTRAINT `fk_account_state_active_account_id_account_id_fk` FOREIGN KEY (`active_account_id`) REFERENCES `account`(`id`) ON DELETE SET NULL
        );
CREATE TABLE `control_account` (
          `email` text NOT NULL,
          `url` text NOT NULL,
          `access_token` text NOT NULL,
          `refresh_token` text NOT NULL,
          `token_expiry` integer,
          `active` integer NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `control_account_pk` PRIMARY KEY(`email`, `url`)
        );
CREATE TABLE `credential` (
          `id` text PRIMARY KEY,
          `integration_id` text,
          `label` text NOT NULL,
          `value` text NOT NULL,
          `connector_id` text,
          `method_id` text,
          `active` integer,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL
        );
CREATE TABLE `data_migration` (
          `name` text PRIMARY KEY,
          `time_completed` integer NOT NULL
        );
CREATE TABLE `event` (
          `id` text PRIMARY KEY,
          `aggregate_id` text NOT NULL,
          `seq` integer NOT NULL,
          `type` text NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_event_aggregate_id_event_sequence_aggregate_id_fk` FOREIGN KEY (`aggregate_id`) REFERENCES `event_sequence`(`aggregate_id`) ON DELETE CASCADE
        );
CREATE TABLE `event_sequence` (
          `aggregate_id` text PRIMARY KEY,
          `seq` integer NOT NULL,
          `owner_id` text
        );
CREATE TABLE `message` (
          `id` text PRIMARY KEY,
          `session_id` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_message_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
INSERT INTO "message" VALUES('msg_1ffac3cd2001RmPlZyW4xH0DFm','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290840275,1795290850168,'{"role":"user","time":{"created":1795290840275},"agent":"build","model":{"providerID":"mock","modelID":"m1"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_1ffac42e00013qBxISGu72Z60g','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290841824,1795290848674,'{"parentID":"msg_1ffac3cd2001RmPlZyW4xH0DFm","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7090,"input":7000,"output":80,"reasoning":10,"cache":{"write":0,"read":0}},"modelID":"m1","providerID":"mock","time":{"created":1795290841824,"completed":1795290848671},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffac4e33001Tc0EGaBNYTGD3S','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290844726,1795290849201,'{"role":"user","time":{"created":1795290844726},"agent":"general","model":{"providerID":"mock","modelID":"m1"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_1ffac4ea7001TTjYfxOiePya5i','ses_e0053b16fffe4KbvQKhih8lbDt',1795290844841,1795290849412,'{"role":"user","time":{"created":1795290844841},"agent":"general","model":{"providerID":"mock","modelID":"m1"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_1ffac4edc001Aljtzgts9oVflE','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290844892,1795290846463,'{"parentID":"msg_1ffac4e33001Tc0EGaBNYTGD3S","role":"assistant","mode":"general","agent":"general","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7120,"input":7015,"output":95,"reasoning":10,"cache":{"write":0,"read":0}},"modelID":"m1","providerID":"mock","time":{"created":1795290844892,"completed":1795290846459},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffac4ee5001oMBGZPXmiJPhyF','ses_e0053b16fffe4KbvQKhih8lbDt',1795290844901,1795290846978,'{"parentID":"msg_1ffac4ea7001TTjYfxOiePya5i","role":"assistant","mode":"general","agent":"general","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7090,"input":7000,"output":80,"reasoning":10,"cache":{"write":0,"read":0}},"modelID":"m1","providerID":"mock","time":{"created":1795290844901,"completed":1795290846976},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffac5506001n5UympLi0Ly0Jo','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290846470,1795290847756,'{"parentID":"msg_1ffac4e33001Tc0EGaBNYTGD3S","role":"assistant","mode":"general","agent":"general","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7529,"input":503,"output":104,"reasoning":10,"cache":{"write":0,"read":6912}},"modelID":"m1","providerID":"mock","time":{"created":1795290846470,"completed":1795290847754},"finish":"stop"}');
INSERT INTO "message" VALUES('msg_1ffac5709001IP3siOCgO4TsJg','ses_e0053b16fffe4KbvQKhih8lbDt',1795290846985,1795290848302,'{"parentID":"msg_1ffac4ea7001TTjYfxOiePya5i","role":"assistant","mode":"general","agent":"general","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7499,"input":488,"output":89,"reasoning":10,"cache":{"write":0,"read":6912}},"modelID":"m1","providerID":"mock","time":{"created":1795290846985,"completed":1795290848297},"finish":"stop"}');
INSERT INTO "message" VALUES('msg_1ffac5dae00140oGcy6iegdTYJ','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290848686,1795290849808,'{"parentID":"msg_1ffac3cd2001RmPlZyW4xH0DFm","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7499,"input":488,"output":89,"reasoning":10,"cache":{"write":0,"read":6912}},"modelID":"m1","providerID":"mock","time":{"created":1795290848686,"completed":1795290849797},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffac6216001hz9Zul3DJXQ28b','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290849814,1795290850613,'{"parentID":"msg_1ffac3cd2001RmPlZyW4xH0DFm","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7908,"input":504,"output":98,"reasoning":10,"cache":{"write":0,"read":7296}},"modelID":"m1","providerID":"mock","time":{"created":1795290849814,"completed":1795290850612},"finish":"stop"}');
CREATE TABLE "migration" (id TEXT PRIMARY KEY, time_completed INTEGER NOT NULL);
CREATE TABLE `part` (
          `id` text PRIMARY KEY,
          `message_id` text NOT NULL,
          `session_id` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_part_message_id_message_id_fk` FOREIGN KEY (`message_id`) REFERENCES `message`(`id`) ON DELETE CASCADE
        );
INSERT INTO "part" VALUES('prt_1ffac3cfa001ySvhwbAIXsMxMd','msg_1ffac3cd2001RmPlZyW4xH0DFm','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290841790,1795290841793,'{"type":"text","text":"\"do the steps\""}');
INSERT INTO "part" VALUES('prt_1ffac4db3001hRWTzwuywMoKDa','msg_1ffac42e00013qBxISGu72Z60g','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290844595,1795290844599,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffac4dc1001tMaxvcknu3Tx1u','msg_1ffac42e00013qBxISGu72Z60g','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290844609,1795290844884,'{"type":"text","text":"I will delegate. ","time":{"start":1795290844609,"end":1795290844882}}');
INSERT INTO "part" VALUES('prt_1ffac4de0001vbNSHQZS4yzx1A','msg_1ffac42e00013qBxISGu72Z60g','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290844640,1795290847778,'{"type":"tool","tool":"task","callID":"call_01313000002","state":{"status":"completed","input":{"description":"worker 0","prompt":"[node 0] do part 0","subagent_type":"general"},"output":"<task id=\"ses_e0053b1f3ffe2r2XeYwFimSufW\" state=\"completed\">\n<task_result>\nAll done.\n</task_result>\n</task>","metadata":{"parentSessionId":"ses_e0053c3aaffeXXppzeZs0qqo5H","sessionId":"ses_e0053b1f3ffe2r2XeYwFimSufW","model":{"modelID":"m1","providerID":"mock"},"truncated":false},"title":"worker 0","time":{"start":1795290844699,"end":1795290847776}}}');
INSERT INTO "part" VALUES('prt_1ffac4e44001nsjzxiGHU5uSGH','msg_1ffac4e33001Tc0EGaBNYTGD3S','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290844746,1795290844749,'{"type":"text","text":"[node 0] do part 0"}');
INSERT INTO "part" VALUES('prt_1ffac4e7c00147ifg1joCW2uAa','msg_1ffac42e00013qBxISGu72Z60g','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290844797,1795290848322,'{"type":"tool","tool":"task","callID":"call_01313000003","state":{"status":"completed","input":{"description":"worker 1","prompt":"[node 1] do part 1","subagent_type":"general"},"output":"<task id=\"ses_e0053b16fffe4KbvQKhih8lbDt\" state=\"completed\">\n<task_result>\nAll done.\n</task_result>\n</task>","metadata":{"parentSessionId":"ses_e0053c3aaffeXXppzeZs0qqo5H","sessionId":"ses_e0053b16fffe4KbvQKhih8lbDt","model":{"modelID":"m1","providerID":"mock"},"truncated":false},"title":"worker 1","time":{"start":1795290844826,"end":1795290848319}}}');
INSERT INTO "part" VALUES('prt_1ffac4eb3001lRPk702mIF5HjS','msg_1ffac4ea7001TTjYfxOiePya5i','ses_e0053b16fffe4KbvQKhih8lbDt',1795290844856,1795290844858,'{"type":"text","text":"[node 1] do part 1"}');
INSERT INTO "part" VALUES('prt_1ffac4fa7001Y0tCGCuv7HsVI3','msg_1ffac4edc001Aljtzgts9oVflE','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290845096,1795290845100,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffac4faf001epFzEATZfYl908','msg_1ffac4edc001Aljtzgts9oVflE','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290845103,1795290845188,'{"type":"text","text":"Step 1: running a command. ","time":{"start":1795290845103,"end":1795290845182}}');
INSERT INTO "part" VALUES('prt_1ffac4fbe001rIER1NhUaDEigX','msg_1ffac4edc001Aljtzgts9oVflE','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290845118,1795290845856,'{"type":"tool","tool":"bash","callID":"call_01313000005","state":{"status":"completed","input":{"command":"echo step 1","description":"run a step"},"output":"step 1\n","metadata":{"output":"step 1\n","exit":0,"truncated":false},"title":"echo step 1","time":{"start":1795290845159,"end":1795290845840}}}');
INSERT INTO "part" VALUES('prt_1ffac5335001A9XSMLdH0QrsKq','msg_1ffac4ee5001oMBGZPXmiJPhyF','ses_e0053b16fffe4KbvQKhih8lbDt',1795290846006,1795290846015,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffac5347001rlPlufxO4L16f4','msg_1ffac4ee5001oMBGZPXmiJPhyF','ses_e0053b16fffe4KbvQKhih8lbDt',1795290846023,1795290846067,'{"type":"text","text":"Step 1: running a command. ","time":{"start":1795290846023,"end":1795290846065}}');
INSERT INTO "part" VALUES('prt_1ffac5353001XmDaRCL4APNvYV','msg_1ffac4ee5001oMBGZPXmiJPhyF','ses_e0053b16fffe4KbvQKhih8lbDt',1795290846035,1795290846127,'{"type":"tool","tool":"bash","callID":"call_01313000007","state":{"status":"completed","input":{"command":"echo step 1","description":"run a step"},"output":"step 1\n","metadata":{"output":"step 1\n","exit":0,"truncated":false},"title":"echo step 1","time":{"start":1795290846053,"end":1795290846125}}}');
INSERT INTO "part" VALUES('prt_1ffac54190017MBQJrAshgU1HI','msg_1ffac4edc001Aljtzgts9oVflE','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290846234,1795290846237,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7120,"input":7015,"output":95,"reasoning":10,"cache":{"write":0,"read":0}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffac55ca001H1x0jErOgF0xCf','msg_1ffac5506001n5UympLi0Ly0Jo','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290846666,1795290846669,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffac55d0001D6Lj1esdFAc8I5','msg_1ffac5506001n5UympLi0Ly0Jo','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290846673,1795290846682,'{"type":"text","text":"All done.","time":{"start":1795290846672,"end":1795290846680}}');
INSERT INTO "part" VALUES('prt_1ffac5668001d0BGpduKtf3UGL','msg_1ffac4ee5001oMBGZPXmiJPhyF','ses_e0053b16fffe4KbvQKhih8lbDt',1795290846824,1795290846827,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7090,"input":7000,"output":80,"reasoning":10,"cache":{"write":0,"read":0}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffac58770011DqHSXdN9nEPxd','msg_1ffac5709001IP3siOCgO4TsJg','ses_e0053b16fffe4KbvQKhih8lbDt',1795290847351,1795290847354,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffac587d001gcP1wfFvpl1R1O','msg_1ffac5709001IP3siOCgO4TsJg','ses_e0053b16fffe4KbvQKhih8lbDt',1795290847357,1795290847367,'{"type":"text","text":"All done.","time":{"start":1795290847357,"end":1795290847364}}');
INSERT INTO "part" VALUES('prt_1ffac595d001feR03QyFy6kvLY','msg_1ffac5506001n5UympLi0Ly0Jo','ses_e0053b1f3ffe2r2XeYwFimSufW',1795290847581,1795290847584,'{"reason":"stop","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7529,"input":503,"output":104,"reasoning":10,"cache":{"write":0,"read":6912}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffac5b38001JJy0nVKWqr6vyk','msg_1ffac5709001IP3siOCgO4TsJg','ses_e0053b16fffe4KbvQKhih8lbDt',1795290848057,1795290848064,'{"reason":"stop","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7499,"input":488,"output":89,"reasoning":10,"cache":{"write":0,"read":6912}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffac5d18001ifMvkmPMkH65jN','msg_1ffac42e00013qBxISGu72Z60g','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290848536,1795290848540,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7090,"input":7000,"output":80,"reasoning":10,"cache":{"write":0,"read":0}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffac5ef3001qvsxXsbFq3OqOn','msg_1ffac5dae00140oGcy6iegdTYJ','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290849012,1795290849019,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffac5f020015HQhCNqqwUbD63','msg_1ffac5dae00140oGcy6iegdTYJ','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290849027,1795290849098,'{"type":"text","text":"Step 1: running a command. ","time":{"start":1795290849026,"end":1795290849096}}');
INSERT INTO "part" VALUES('prt_1ffac5f14001biecWXB0lVRKIj','msg_1ffac5dae00140oGcy6iegdTYJ','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290849044,1795290849194,'{"type":"tool","tool":"bash","callID":"call_01313000011","state":{"status":"completed","input":{"command":"echo step 1","description":"run a step"},"output":"step 1\n","metadata":{"output":"step 1\n","exit":0,"truncated":false},"title":"echo step 1","time":{"start":1795290849082,"end":1795290849191}}}');
INSERT INTO "part" VALUES('prt_1ffac615f001O00rVfrQepbex3','msg_1ffac5dae00140oGcy6iegdTYJ','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290849632,1795290849634,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7499,"input":488,"output":89,"reasoning":10,"cache":{"write":0,"read":6912}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffac63d60010Zu7cFmChpXSiB','msg_1ffac6216001hz9Zul3DJXQ28b','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290850263,1795290850265,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffac63dd001USKchGfvGIX2x2','msg_1ffac6216001hz9Zul3DJXQ28b','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290850269,1795290850279,'{"type":"text","text":"All done.","time":{"start":1795290850269,"end":1795290850277}}');
INSERT INTO "part" VALUES('prt_1ffac64d3001LGU4AlA6lsPgpV','msg_1ffac6216001hz9Zul3DJXQ28b','ses_e0053c3aaffeXXppzeZs0qqo5H',1795290850515,1795290850518,'{"reason":"stop","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7908,"input":504,"output":98,"reasoning":10,"cache":{"write":0,"read":7296}},"cost":0}');
CREATE TABLE `permission` (
          `id` text PRIMARY KEY,
          `project_id` text NOT NULL,
          `action` text NOT NULL,
          `resource` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `fk_permission_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `project` (
          `id` text PRIMARY KEY,
          `worktree` text NOT NULL,
          `vcs` text,
          `name` text,
          `icon_url` text,
          `icon_url_override` text,
          `icon_color` text,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `time_initialized` integer,
          `sandboxes` text NOT NULL,
          `commands` text
        );
INSERT INTO "project" VALUES('global','/home/dev/project','git',NULL,NULL,NULL,NULL,1795290839085,1795290839085,NULL,'[]',NULL);
CREATE TABLE `project_directory` (
          `project_id` text NOT NULL,
          `directory` text NOT NULL,
          `type` text,
          `strategy` text,
          `time_created` integer NOT NULL,
          CONSTRAINT `project_directory_pk` PRIMARY KEY(`project_id`, `directory`),
          CONSTRAINT `fk_project_directory_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session` (
          `id` text PRIMARY KEY,
          `project_id` text NOT NULL,
          `workspace_id` text,
          `parent_id` text,
          `slug` text NOT NULL,
          `directory` text NOT NULL,
          `path` text,
          `title` text NOT NULL,
          `version` text NOT NULL,
          `share_url` text,
          `summary_additions` integer,
          `summary_deletions` integer,
          `summary_files` integer,
          `summary_diffs` text,
          `metadata` text,
          `cost` real DEFAULT 0 NOT NULL,
          `tokens_input` integer DEFAULT 0 NOT NULL,
          `tokens_output` integer DEFAULT 0 NOT NULL,
          `tokens_reasoning` integer DEFAULT 0 NOT NULL,
          `tokens_cache_read` integer DEFAULT 0 NOT NULL,
          `tokens_cache_write` integer DEFAULT 0 NOT NULL,
          `revert` text,
          `permission` text,
          `agent` text,
          `model` text,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `time_compacting` integer,
          `time_archived` integer,
          CONSTRAINT `fk_session_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
INSERT INTO "session" VALUES('ses_e0053c3aaffeXXppzeZs0qqo5H','global',NULL,NULL,'proud-eagle','/home/dev/project','','All done.','1.18.33',NULL,0,0,0,NULL,NULL,0.0,7992,267,30,14208,0,NULL,'[{"permission":"question","pattern":"*","action":"deny"},{"permission":"plan_enter","pattern":"*","action":"deny"},{"permission":"plan_exit","pattern":"*","action":"deny"}]','build','{"id":"m1","providerID":"mock","variant":"default"}',1795290840150,1795290850630,NULL,NULL);
INSERT INTO "session" VALUES('ses_e0053b1f3ffe2r2XeYwFimSufW','global',NULL,'ses_e0053c3aaffeXXppzeZs0qqo5H','mighty-eagle','/home/dev/project','','worker 0 (@general subagent)','1.18.33',NULL,0,0,0,NULL,NULL,0.0,7518,199,20,6912,0,NULL,'[{"permission":"question","pattern":"*","action":"deny"},{"permission":"plan_enter","pattern":"*","action":"deny"},{"permission":"plan_exit","pattern":"*","action":"deny"},{"permission":"task","pattern":"*","action":"deny"}]','general','{"id":"m1","providerID":"mock","variant":"default"}',1795290844684,1795290847835,NULL,NULL);
INSERT INTO "session" VALUES('ses_e0053b16fffe4KbvQKhih8lbDt','global',NULL,'ses_e0053c3aaffeXXppzeZs0qqo5H','glowing-island','/home/dev/project','','worker 1 (@general subagent)','1.18.33',NULL,0,0,0,NULL,NULL,0.0,7488,169,20,6912,0,NULL,'[{"permission":"question","pattern":"*","action":"deny"},{"permission":"plan_enter","pattern":"*","action":"deny"},{"permission":"plan_exit","pattern":"*","action":"deny"},{"permission":"task","pattern":"*","action":"deny"}]','general','{"id":"m1","providerID":"mock","variant":"default"}',1795290844816,1795290848356,NULL,NULL);
CREATE TABLE `session_context_epoch` (
          `session_id` text PRIMARY KEY,
          `baseline` text NOT NULL,
          `snapshot` text NOT NULL,
          `baseline_seq` integer NOT NULL,
          CONSTRAINT `fk_session_context_epoch_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session_input` (
          `id` text PRIMARY KEY,
          `session_id` text NOT NULL,
          `prompt` text NOT NULL,
          `delivery` text NOT NULL,
          `admitted_seq` integer NOT NULL,
          `promoted_seq` integer,
          `time_created` integer NOT NULL,
          CONSTRAINT `fk_session_input_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session_message` (
          `id` text PRIMARY KEY,
          `session_id` text NOT NULL,
          `type` text NOT NULL,
          `seq` integer NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_session_message_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session_share` (
          `session_id` text PRIMARY KEY,
          `id` text NOT NULL,
          `secret` text NOT NULL,
          `url` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `fk_session_share_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `todo` (
          `session_id` text NOT NULL,
          `content` text NOT NULL,
          `status` text NOT NULL,
          `priority` text NOT NULL,
          `position` integer NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `todo_pk` PRIMARY KEY(`session_id`, `position`),
          CONSTRAINT `fk_todo_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `workspace` (
          `id` text PRIMARY KEY,
          `type` text NOT NULL,
          `name` text DEFAULT '' NOT NULL,
          `branch` text,
          `directory` text,
          `extra` text,
          `project_id` text NOT NULL,
          `time_used` integer NOT NULL,
          CONSTRAINT `fk_workspace_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
CREATE UNIQUE INDEX `event_aggregate_seq_idx` ON `event` (`aggregate_id`,`seq`);
CREATE INDEX `event_aggregate_type_seq_idx` ON `event` (`aggregate_id`,`type`,`seq`);
CREATE UNIQUE INDEX `permission_project_action_resource_idx` ON `permission` (`project_id`,`action`,`resource`);
CREATE INDEX `message_session_time_created_id_idx` ON `message` (`session_id`,`time_created`,`id`);
CREATE INDEX `part_message_id_id_idx` ON `part` (`message_id`,`id`);
CREATE INDEX `part_session_idx` ON `part` (`session_id`);
CREATE INDEX `session_input_session_pending_delivery_seq_idx` ON `session_input` (`session_id`,`promoted_seq`,`delivery`,`admitted_seq`);
CREATE UNIQUE INDEX `session_input_session_admitted_seq_idx` ON `session_input` (`session_id`,`admitted_seq`);
CREATE UNIQUE INDEX `session_input_session_promoted_seq_idx` ON `session_input` (`session_id`,`promoted_seq`);
CREATE UNIQUE INDEX `session_message_session_seq_idx` ON `session_message` (`session_id`,`seq`);
CREATE INDEX `session_message_session_type_seq_idx` ON `session_message` (`session_id`,`type`,`seq`);
CREATE INDEX `session_message_session_time_created_id_idx` ON `session_message` (`session_id`,`time_created`,`id`);
CREATE INDEX `session_message_time_created_idx` ON `session_message` (`time_created`);
CREATE INDEX `session_project_idx` ON `session` (`project_id`);
CREATE INDEX `session_workspace_idx` ON `session` (`workspace_id`);
CREATE INDEX `session_parent_idx` ON `session` (`parent_id`);
CREATE INDEX `todo_session_idx` ON `todo` (`session_id`);
COMMIT;
