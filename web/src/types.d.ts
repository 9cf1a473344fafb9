/** What the monitor sends, as `monitor/gateway.py` defines it; null stands for a value that could not be read. */
export interface JointView {
  name: string;
  age: number | null;
  position: number | null;
  velocity: number | null;
  effort: number | null;
  commanded: number | null;
  current: number | null;
  load: number | null;
  temperature: number | null;
  voltage: number | null;
  torque_enabled: boolean | null;
  hardware_error: number | null;
}

export interface Fault {
  name: string;
  process: string;
  part: string;
  level: 'WARN' | 'ERROR' | 'STALE';
  message: string;
  age: number;
  values: Record<string, string>;
}

export interface Snapshot {
  state: { name: string; reason: string; age: number | null; values: Record<string, string> };
  joints: JointView[];
  protective_stop: boolean | null;
  faults: Fault[];
  controller: { age: number | null; following_error: Record<string, number> };
  motion: { goal: string; outcome: string; message: string } | null;
  recording: {
    active: boolean | null;
    path: string;
    elapsed: number | null;
    message: string;
    values: Record<string, string>;
  };
  sources: { topic: string; age: number | null; alive: boolean }[];
  time?: number | null;
  viewers: number;
  capacity: number;
  driver?: { page: string; held: number; idle: boolean } | null;
  edition?: string;
}

export interface Joint {
  name: string;
  kind: 'revolute' | 'continuous' | 'prismatic';
  group: 'arm' | 'gripper';
  lower: number | null;
  upper: number | null;
  velocity: number;
  effort: number;
}

export interface Model {
  name: string;
  urdf: string;
  meshes: Record<string, string>; // addresses by the URDF's names
  missing_meshes: Record<string, string>; // why they are, by the URDF's names
  joints: Joint[];
  /** whether one position is enough for all joints of the gripper */
  gripper_moves_as_one: boolean;
  poses: Record<string, Record<string, number>>;
  /** [s], and shares of a joint's velocity limit; `core/jog_limits.py` */
  jog: { lease: number; renewal: number; speeds: number[]; usual_speed: number };
  edition: string;
}

export interface Answer {
  ok: boolean;
  message: string;
  status: number;
}

/** What may be done now: an empty text, or why not. */
export type Permissions = Record<
  | 'enable'
  | 'disable'
  | 'move'
  | 'jog'
  | 'stop_motion'
  | 'release'
  | 'clear_faults'
  | 'torque_off'
  | 'take_over'
  | 'record',
  string
>;
