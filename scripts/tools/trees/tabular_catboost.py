"""Boosted trees in CatBoost, with its defaults; categorical columns as its documentation has them.

https://catboost.ai/docs/en/concepts/python-usages-examples
https://catboost.ai/docs/en/features/categorical-features
"""

import contract  # isort: split

import catboost
import engine

#: What is told of the parameters that CatBoost itself lists of a model. It sets the learning rate
#: by the number of rows.
TOLD = ("iterations", "depth", "l2_leaf_reg", "random_strength", "border_count", "grow_policy")
TOLD += ("boosting_type", "one_hot_max_size", "max_ctr_complexity")


def describe(job, data, model):
    """Tell what was trained on and how, as CatBoost itself reports it."""
    parameters = model.get_all_params()
    job.describe(
        threads=model.get_param("thread_count"),
        rows=data.num_row(),
        columns=len(model.feature_names_),
        categorical=len(model.get_cat_feature_indices()),
        trees=model.tree_count_,
        settings={name: parameters[name] for name in TOLD},
        learning_rate=parameters["learning_rate"],
        # Its documentation promises nothing; it draws samples and the order of rows at random.
        deterministic=False,
        draws=True,
    )


def main(job):
    rows, targets = job.training_set()
    model = catboost.CatBoostClassifier(
        thread_count=job.threads, random_seed=job.seed, verbose=False, allow_writing_files=False
    )

    with job.run():
        categorical = list(range(len(job.columns["categorical"])))
        data = catboost.Pool(engine.to_table(rows, job.columns), targets, cat_features=categorical)
        model.fit(data)

    with job.evaluation():
        probabilities = model.predict_proba(engine.to_table(job.test_inputs(), job.columns))[:, 1]
    job.predictions(probabilities)
    describe(job, data, model)


if __name__ == "__main__":
    contract.run(main, catboost=catboost.__version__)
