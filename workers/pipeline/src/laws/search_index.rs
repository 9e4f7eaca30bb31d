//! The laws of [`SearchIndex`](crate::ports::search::SearchIndex). An adapter's tests run all of them, each by name:
//!
//! ```ignore
//! pipeline::search_index_laws!(fresh()); // (an empty index that knows `toy::view()`, what must live as long)
//! ```
//!
//! With the feature `agreement` there is a further one, of random documents and queries.

pub mod aggregates;
#[cfg(feature = "agreement")]
pub mod agreement;
pub mod filters;
pub mod pages;
pub mod scopes;
pub mod toy;
pub mod words;
pub mod writes;

/// Makes one test of each law. The expression gives a new, empty index of the toy view, and a guard that is kept
/// until the test's end.
#[macro_export]
macro_rules! search_index_laws {
    ($fresh:expr) => {
        $crate::search_index_laws! { [$crate::search_laws_of] $fresh }
    };
    // what `$each` makes of the list of all laws
    ([$($each:tt)+] $fresh:expr) => {
        $($each)+! { $fresh;
            writes::a_newer_version_replaces,
            writes::the_same_or_an_older_version_changes_nothing,
            writes::an_accepted_entry_is_read_at_once_and_found_after_a_refresh,
            writes::entries_of_one_bulk_succeed_and_fail_by_themselves,
            writes::a_refused_document_says_why,
            writes::a_removed_document_keeps_its_version_and_is_not_found,
            writes::hidden_contents_are_not_found_counted_or_aggregated,
            writes::every_content_is_read_as_it_was_put,
            writes::a_cursor_is_apart_from_its_streams_documents,
            writes::the_entries_of_a_stream_are_all_there,
            writes::refreshes_at_the_same_time_all_see_what_was_put_before,
            scopes::another_tenants_documents_are_never_seen,
            scopes::a_row_filter_hides_the_others_documents,
            scopes::two_streams_with_one_document_id_both_stay,
            words::a_word_is_found_in_any_form_and_case,
            words::all_words_must_be_found_each_in_any_field,
            words::a_word_is_a_run_of_letters_and_digits,
            words::a_better_match_comes_first,
            words::a_text_without_words_matches_everything,
            words::highlights_are_whole_fields_escaped,
            filters::equality_is_of_the_exact_value,
            filters::a_missing_value_is_not_equal_to_any,
            filters::ranges_include_or_exclude_their_bounds,
            filters::prefixes_are_of_the_exact_value,
            filters::existence_is_having_a_value,
            filters::one_of_many_values_suffices,
            filters::filters_combine,
            filters::times_are_exact_to_the_nanosecond,
            pages::documents_come_by_id_if_nothing_else_is_asked,
            pages::missing_values_come_last_in_both_orders,
            pages::many_values_sort_by_the_one_that_comes_first,
            pages::cursors_walk_all_documents_once,
            pages::a_cursor_that_was_not_given_is_refused,
            pages::the_total_is_exact_and_a_page_may_be_empty,
            aggregates::terms_come_by_count_then_by_key,
            aggregates::terms_have_keys_of_their_kind,
            aggregates::histograms_keep_to_the_calendar,
            aggregates::metrics_are_told_of_all_that_matches,
            aggregates::buckets_nest_once,
        }
    };
}

/// Expands to one named test for each law.
#[doc(hidden)]
#[macro_export]
macro_rules! search_laws_of {
    ($fresh:expr; $($room:ident :: $law:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $law() -> $crate::laws::Law {
                let (index, _guard) = $fresh;
                $crate::laws::search_index::$room::$law(&index).await
            }
        )+
    };
}
