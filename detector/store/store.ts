import { type ChdbStore, type ChdbStoreOptions, createChdbStore } from './chdb/chdb-store.js';
import { createServerStore, type ServerStoreOptions } from './server-store.js';
import type { Store } from './store-types.js';

export type { AppliedMigrations, QueryParam, QueryParams, QueryResult, Retention, Store } from './store-types.js';
export { DATABASE, defaultRetention, KEEP_FOREVER } from './store-types.js';
export type { ChdbStore };

export type StoreOptions = ({ readonly kind: 'chdb' } & ChdbStoreOptions) | ({ readonly kind: 'server' } & ServerStoreOptions);

export function createStore(options: { readonly kind: 'chdb' } & ChdbStoreOptions): ChdbStore;
export function createStore(options: StoreOptions): Store;
export function createStore(options: StoreOptions): Store {
  return options.kind === 'chdb' ? createChdbStore(options) : createServerStore(options);
}
